// The last launch of batch normalization in training of rows of channels (R, C); batch_norm_columns.cu, which
// has the grid and block, or a convolution gave the coefficients: see batch_norm_coefficients.cuh. Results go
// through epilogue.cuh. Moves 2 R C elements.
//
// nvcc-check: -DTARN_BF16=0 -DTARN_OUT_BF16=0 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_OUT_BF16=1 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_OUT_BF16=1 -DTARN_SINGLE=1
#include "batch_norm_columns.cuh"
#include "epilogue.cuh"

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_columns(const tarn::Element *x, const float *scale, const float *bias,
                       const float *coefficients, TARN_EPILOGUE_PARAMETERS, float *means,
                       float *variances, unsigned int channels, unsigned int rows,
                       unsigned int chunk) {
  using namespace tarn;
  const Tile tile(channels, rows, chunk);
  if (!tile.exists()) return;
  float shift[kWidth], mean[kWidth], factor[kWidth], offset[kWidth];
#pragma unroll
  for (unsigned int k = 0; k < kWidth; k++) {
    const unsigned int channel = tile.channel + k;
    shift[k] = coefficients[channel];
    mean[k] = coefficients[channels + channel];
    factor[k] = scale[channel] * coefficients[3 * channels + channel];
    offset[k] = bias[channel];
    if (blockIdx.y == 0 && threadIdx.y == 0) {
      means[channel] = shift[k] + mean[k];
      variances[channel] = coefficients[2 * channels + channel];
    }
  }
  const Epilogue epilogue = TARN_EPILOGUE;
  for (unsigned int row = tile.begin + threadIdx.y; row < tile.end; row += kAhead * blockDim.y) {
    Some x_of[kAhead];
    float v[kAhead][kWidth];
    unsigned long long at[kAhead];
    unsigned int channel_of[kAhead], exist = 0;
#pragma unroll
    for (unsigned int i = 0; i < kAhead; i++) {
      const unsigned int r = row + i * blockDim.y;
      at[i] = tile.at(r);
      channel_of[i] = tile.channel;
      exist |= (r < tile.end ? 1u : 0u) << i;
      x_of[i] = *reinterpret_cast<const Some *>(x + (r < tile.end ? at[i] : at[0]));
    }
#pragma unroll
    for (unsigned int i = 0; i < kAhead; i++) {
#pragma unroll
      for (unsigned int k = 0; k < kWidth; k++) {
        v[i][k] = (to_float(x_of[i].v[k]) - shift[k] - mean[k]) * factor[k] + offset[k];
      }
    }
    epilogue.apply<true>(v, at, channel_of, exist);
  }
}
