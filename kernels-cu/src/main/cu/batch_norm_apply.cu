// The second launch of batch normalization in training over (N, C, S); batch_norm.cu has the first.
//
// Each block combines its channel's numbers for itself, in the order of the chunks, and normalizes its
// chunk. Results go through epilogue.cuh. Moves 2 N C S elements.
//
// nvcc-check: -DTARN_BF16=0 -DTARN_OUT_BF16=0 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_OUT_BF16=1 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=0 -DTARN_OUT_BF16=0 -DTARN_SINGLE=1
#include "batch_norm.cuh"
#include "epilogue.cuh"

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_planes(const tarn::Element *x, const float *scale, const float *bias,
                      const float *partial, TARN_EPILOGUE_PARAMETERS, float *mean, float *variance,
                      TARN_TILE_PARAMETERS, float epsilon) {
  using namespace tarn;
  const Tile tile = TARN_TILE;
  const float shift = tile.shift(x);
  float v[kAccesses][kWidth];
  tile.load(x, 0.0f, v);
  float sum = 0.0f;
  for (unsigned int j = tile.lane; j < tile.chunks; j += tile.kLanes) {
    sum += tile.extent(j) * partial[tile.partial(j)];
  }
  const float m = tile.sum(sum) / tile.count;
  float squares = 0.0f;
  for (unsigned int j = tile.lane; j < tile.chunks; j += tile.kLanes) {
    const float d = partial[tile.partial(j)] - m;
    squares += partial[tile.partial(j) + 1] + tile.extent(j) * d * d;
  }
  const float var = tile.sum(squares) / tile.count;
  const float factor = scale[tile.channel] / sqrtf(var + epsilon), offset = bias[tile.channel];
  unsigned long long at[kAccesses];
  unsigned int channel_of[kAccesses], exist = 0;
#pragma unroll
  for (unsigned int k = 0; k < kAccesses; k++) {
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) v[k][j] = (v[k][j] - shift - m) * factor + offset;
    at[k] = tile.at(k);
    channel_of[k] = tile.channel;
    exist |= (tile.has(k) ? 1u : 0u) << k;
  }
  const Epilogue epilogue = TARN_EPILOGUE;
  epilogue.apply<false>(v, at, channel_of, exist);
  if (tile.chunk == 0 && tile.lane == 0) {
    mean[tile.channel] = shift + m;
    variance[tile.channel] = var;
  }
}
