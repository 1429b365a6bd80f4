// Batch normalization in training, and its gradient, of rows of channels (R, C): rows of features, or
// pixels whose channels lie last. Formulas are in batch_norm.cu.
//
// x, y, dx, dy: Element (R, C); scale, bias, mean, variance, dscale, dbias: f32 (C);
// partial, counters: see last_block.cuh; coefficients: see batch_norm_coefficients.cuh
//
// The rows are cut into chunks, a block each for X W channels, W of a thread: those of 16 bytes, or 1
// with -DTARN_SINGLE=1, where C is not a multiple of them. A first launch gives numbers per chunk and
// channel, which its last block combines, unless a convolution did, see convolution_sums.cuh; a second
// applies what came out. Deterministic: atomics only count blocks.
//
//   kernel                                  grid                        block      moves
//   *_statistics, *_grad_sums               (ceil(C / (X W)), chunks)   X x 256/X  R C, 2 R C elements
//   *_grad, and in batch_norm_columns_apply.cu
//   batch_norm_columns                      the same                               3 R C, 2 R C elements
//
// FLOPs: 7 R C and 3 R C forward, 4 R C and 5 R C backward.
//
// Seen with nvcc 13.0 for sm_90a: up to 80 registers, and no spills.
//
// nvcc-check: -DTARN_BF16=0 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_SINGLE=1
#include "batch_norm_coefficients.cuh"
#include "batch_norm_columns.cuh"

namespace tarn {

// Numbers of the channels of a block, by warp. A warp has 32 / X rows, and X is at most 8 where W is
// more than 1.
constexpr unsigned int kNumbers = kWidth == 1 ? 256 : 64 * kWidth;

// Which of them a thread fills, if it has the first row of its warp: those of its channels.
__device__ __forceinline__ unsigned int place() {
  return Threads::here().thread / 32 * blockDim.x * kWidth + threadIdx.x * kWidth;
}

__device__ __forceinline__ bool has_first_row() {
  return Threads::here().thread % 32 < blockDim.x;
}

// Some element of a channel.
__device__ __forceinline__ float shift_of(const Element *x, unsigned int channel) {
  const float first = to_float(x[channel]);
  return first - first == 0.0f ? first : 0.0f;
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_columns_statistics(const tarn::Element *x, tarn::Moments *partial,
                                  TARN_LAST_BLOCK_PARAMETERS, float *coefficients,
                                  unsigned int channels, unsigned int rows, unsigned int chunk,
                                  float epsilon) {
  using namespace tarn;
  __shared__ Moments shared[kNumbers];
  const Tile tile(channels, rows, chunk);
  float shift[kWidth], mean[kWidth] = {}, squares[kWidth] = {};
#pragma unroll
  for (unsigned int k = 0; k < kWidth; k++) {
    shift[k] = tile.exists() ? shift_of(x, tile.channel + k) : 0.0f;
  }
  float count = 0.0f;
  tile.each<false>(x, nullptr, [&](unsigned long long, const Some &v, const Some &) {
    count += 1.0f;
    const float part = 1.0f / count;
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) {
      const float value = to_float(v.v[k]) - shift[k], distance = value - mean[k];
      mean[k] += distance * part;
      squares[k] += distance * (value - mean[k]);
    }
  });
  for (unsigned int mask = blockDim.x; mask < 32; mask *= 2) {
    const float other = shuffle_xor(count, mask), total = count + other;
    const float part = other == 0.0f ? 0.0f : other / total;
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) {
      const float distance = shuffle_xor(mean[k], mask) - mean[k];
      squares[k] += shuffle_xor(squares[k], mask) + distance * (count * part) * distance;
      mean[k] += distance * part;
    }
    count = total;
  }
  if (has_first_row()) {
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) {
      shared[place() + k] = Moments{shift[k], mean[k], squares[k], count};
    }
  }
  const unsigned int width = blockDim.x * kWidth, first = blockIdx.x * width;
  const unsigned int end = min(channels, first + width);
  Moments v = merge_rows(shared, blockDim.x * blockDim.y / 32, width);
  const LastBlock<Moments> all{partial, counters, channels, chunks, part};
  if (all.combine(v, blockIdx.x, blockIdx.y, first, end, width, shared)) {
    store_moments(v, coefficients, channels, first, end, epsilon);
  }
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_columns_grad_sums(const tarn::Element *x, const float *mean, const float *variance,
                                 const tarn::Element *dy, tarn::Sums *partial,
                                 TARN_LAST_BLOCK_PARAMETERS, float *coefficients,
                                 unsigned int channels, unsigned int rows, unsigned int chunk,
                                 float epsilon) {
  using namespace tarn;
  __shared__ Sums shared[kNumbers];
  const Tile tile(channels, rows, chunk);
  float m[kWidth], sums[kWidth] = {}, products[kWidth] = {};
  load_neighbours(m, mean + (tile.exists() ? tile.channel : 0));
  tile.each<true>(x, dy, [&](unsigned long long, const Some &v, const Some &d) {
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) {
      const float gradient = to_float(d.v[k]);
      sums[k] += gradient;
      products[k] += gradient * (to_float(v.v[k]) - m[k]);
    }
  });
  for (unsigned int mask = blockDim.x; mask < 32; mask *= 2) {
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) {
      sums[k] += shuffle_xor(sums[k], mask);
      products[k] += shuffle_xor(products[k], mask);
    }
  }
  if (has_first_row()) {
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) shared[place() + k] = Sums{sums[k], products[k]};
  }
  const unsigned int width = blockDim.x * kWidth, first = blockIdx.x * width;
  const unsigned int end = min(channels, first + width);
  Sums v = merge_rows(shared, blockDim.x * blockDim.y / 32, width);
  const LastBlock<Sums> all{partial, counters, channels, chunks, part};
  if (all.combine(v, blockIdx.x, blockIdx.y, first, end, width, shared)) {
    store_sums(v, variance, coefficients, channels, first, end, (float)rows, epsilon);
  }
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_columns_grad(const tarn::Element *x, const float *scale, const float *means,
                            const tarn::Element *dy, const float *coefficients, tarn::Element *dx,
                            float *dscale, float *dbias, unsigned int channels, unsigned int rows,
                            unsigned int chunk) {
  using namespace tarn;
  const Tile tile(channels, rows, chunk);
  float mean[kWidth], factor[kWidth], offset[kWidth], slope[kWidth];
  const unsigned int channel = tile.exists() ? tile.channel : 0;
  float deviations[kWidth];
  load_neighbours(mean, means + channel);
  load_neighbours(factor, scale + channel);
  load_neighbours(deviations, coefficients + 4 * channels + channel);
  load_neighbours(offset, coefficients + 2 * channels + channel);
  load_neighbours(slope, coefficients + 3 * channels + channel);
#pragma unroll
  for (unsigned int k = 0; k < kWidth; k++) {
    factor[k] *= deviations[k];
    if (blockIdx.y == 0 && threadIdx.y == 0 && tile.exists()) {
      dbias[channel + k] = coefficients[channel + k];
      dscale[channel + k] = coefficients[channels + channel + k];
    }
  }
  tile.each<true>(x, dy, [&](unsigned long long at, const Some &v, const Some &d) {
    Some result;
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) {
      const float distance = to_float(v.v[k]) - mean[k];
      result.v[k] = element(factor[k] * (to_float(d.v[k]) - offset[k] - distance * slope[k]));
    }
    *reinterpret_cast<Some *>(dx + at) = result;
  });
}
