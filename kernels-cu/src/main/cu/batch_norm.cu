// Batch normalization in training, and its gradient, over (N, C, S): each channel over N and S.
//
//   y = scale[c] (x - mean[c]) f + bias[c], f = 1 / sqrt(variance[c] + epsilon), biased variance
//   dbias[c] = sum(dy), dscale[c] = sum(dy h), h = (x - mean[c]) f
//   dx = scale[c] f (dy - dbias[c] / m - h dscale[c] / m), m = N S
//
// x, y, dx, dy: Element (N, C, S); scale, bias, mean, variance, dscale, dbias: f32 (C);
// partial: f32 (C, chunks, 2)
//
// The N S elements of a channel are cut into chunks of 4096, a block each: grid (C chunks), block 256. A
// first launch gives two numbers per chunk, held in registers; a second, for y batch_norm_apply.cu, combines
// a channel's numbers, each block for itself and in the order of the chunks, and writes its chunk.
// Deterministic, no atomics. Accesses are of 16 bytes, or with -DTARN_SINGLE=1, where S is not a multiple
// of them, of one element. Where S is 1, or channels lie last, batch_norm_columns.cu does it.
//
//   batch_norm_statistics  moves   N C S elements     batch_norm_grad_sums  moves 2 N C S elements
//   batch_norm_grad        moves 3 N C S elements
//
// nvcc-check: -DTARN_BF16=0 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_SINGLE=1
#include "batch_norm.cuh"

namespace tarn {

__device__ __forceinline__ void batch_norm_statistics(const Element *x, float *partial,
                                                      const Tile &tile) {
  const float shift = tile.shift(x), extent = tile.extent(tile.chunk);
  float v[kAccesses][kWidth];
  tile.load(x, shift, v);
  float sum = 0.0f;
#pragma unroll
  for (unsigned int k = 0; k < kAccesses; k++) {
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) {
      v[k][j] -= shift;
      sum += v[k][j];
    }
  }
  const float mean = tile.sum(sum) / extent;
  float distances = 0.0f, squares = 0.0f;
#pragma unroll
  for (unsigned int k = 0; k < kAccesses; k++) {
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) {
      const float d = tile.has(k) ? v[k][j] - mean : 0.0f;
      distances += d;
      squares += d * d;
    }
  }
  distances = tile.sum(distances);
  squares = tile.sum(squares);
  if (tile.lane == 0) {
    partial[tile.partial(tile.chunk)] = mean + distances / extent;
    partial[tile.partial(tile.chunk) + 1] = squares - distances * distances / extent;
  }
}

__device__ __forceinline__ void batch_norm_grad_sums(const Element *x, const float *mean,
                                                     const Element *dy, float *partial,
                                                     const Tile &tile) {
  const float m = mean[tile.channel];
  float v[kAccesses][kWidth], d[kAccesses][kWidth];
  tile.load(x, m, v);
  tile.load(dy, 0.0f, d);
  float sum = 0.0f, products = 0.0f;
#pragma unroll
  for (unsigned int k = 0; k < kAccesses; k++) {
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) {
      sum += d[k][j];
      products += d[k][j] * (v[k][j] - m);
    }
  }
  sum = tile.sum(sum);
  products = tile.sum(products);
  if (tile.lane == 0) {
    partial[tile.partial(tile.chunk)] = sum;
    partial[tile.partial(tile.chunk) + 1] = products;
  }
}

__device__ __forceinline__ void batch_norm_grad(const Element *x, const float *scale,
                                                const float *mean, const float *variance,
                                                const Element *dy, const float *partial, Element *dx,
                                                float *dscale, float *dbias, float epsilon,
                                                const Tile &tile) {
  float v[kAccesses][kWidth], d[kAccesses][kWidth];
  tile.load(x, 0.0f, v);
  tile.load(dy, 0.0f, d);
  float sum = 0.0f, products = 0.0f;
  for (unsigned int j = tile.lane; j < tile.chunks; j += tile.kLanes) {
    sum += partial[tile.partial(j)];
    products += partial[tile.partial(j) + 1];
  }
  sum = tile.sum(sum);
  products = tile.sum(products);
  const float m = mean[tile.channel], f = 1.0f / sqrtf(variance[tile.channel] + epsilon);
  const float factor = scale[tile.channel] * f;
  const float slope = products * f / tile.count * f, offset = sum / tile.count;
#pragma unroll
  for (unsigned int k = 0; k < kAccesses; k++) {
    Some result;
#pragma unroll
    for (unsigned int j = 0; j < kWidth; j++) {
      result.v[j] = element(factor * (d[k][j] - offset - (v[k][j] - m) * slope));
    }
    if (tile.has(k)) *reinterpret_cast<Some *>(dx + tile.at(k)) = result;
  }
  if (tile.chunk == 0 && tile.lane == 0) {
    dscale[tile.channel] = products * f;
    dbias[tile.channel] = sum;
  }
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_statistics_planes(const tarn::Element *x, float *partial, TARN_TILE_PARAMETERS) {
  tarn::batch_norm_statistics(x, partial, TARN_TILE);
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_grad_sums_planes(const tarn::Element *x, const float *mean, const tarn::Element *dy,
                                float *partial, TARN_TILE_PARAMETERS) {
  tarn::batch_norm_grad_sums(x, mean, dy, partial, TARN_TILE);
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_grad_planes(const tarn::Element *x, const float *scale, const float *mean,
                           const float *variance, const tarn::Element *dy, const float *partial,
                           tarn::Element *dx, float *dscale, float *dbias, TARN_TILE_PARAMETERS,
                           float epsilon) {
  tarn::batch_norm_grad(x, scale, mean, variance, dy, partial, dx, dscale, dbias, epsilon,
                        TARN_TILE);
}
