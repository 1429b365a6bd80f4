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
// first launch gives two numbers per chunk, held in registers; a second combines a channel's numbers,
// each block for itself and in the order of the chunks, and writes its chunk. Deterministic, no
// atomics. Where S is 1, or channels lie last, batch_norm_columns.cu does it.
//
//   batch_norm_statistics  moves   N C S elements     batch_norm_grad_sums  moves 2 N C S elements
//   batch_norm             moves 2 N C S           batch_norm_grad       moves 3 N C S
//
// nvcc-check: -DTARN_BF16=0
// nvcc-check: -DTARN_BF16=1
#include "collectives.cuh"
#include "element.cuh"

namespace tarn {

constexpr unsigned int kItems = 16;  // elements of a thread

// A block's part of the elements of its channel.
struct Tile {
  static constexpr unsigned int kLanes = 256;
  static constexpr unsigned int kChunk = kLanes * kItems;
  unsigned int channels, inner, count, chunks, chunk, channel, lane;

  __device__ __forceinline__ Tile(unsigned int channels, unsigned int inner, unsigned int count,
                                  unsigned int chunks)
      : channels(channels), inner(inner), count(count), chunks(chunks) {
    channel = blockIdx.x / chunks;
    chunk = blockIdx.x - channel * chunks;
    lane = threadIdx.x;
  }

  __device__ __forceinline__ unsigned int index(unsigned int k) const {
    return chunk * kChunk + k * kLanes + lane;
  }

  __device__ __forceinline__ bool has(unsigned int k) const {
    return index(k) < count;
  }

  // Where element k of this thread lies.
  __device__ __forceinline__ unsigned long long at(unsigned int k) const {
    const unsigned int i = index(k);
    const unsigned int n = i / inner;
    return ((unsigned long long)n * channels + channel) * inner + (i - n * inner);
  }

  // The number of elements of a chunk.
  __device__ __forceinline__ float extent(unsigned int which) const {
    return (float)min(kChunk, count - which * kChunk);
  }

  __device__ __forceinline__ unsigned int partial(unsigned int which) const {
    return 2 * (channel * chunks + which);
  }

  // The sum over the block's threads; each gets it.
  __device__ __forceinline__ float sum(float v) const {
    __shared__ float scratch[32];
    return block_reduce<Sum>(v, scratch);
  }

  // Some element of the channel. Distances from it are as small as the channel's spread, however
  // large the mean is.
  __device__ __forceinline__ float shift(const Element *x) const {
    const float first = to_float(x[(unsigned long long)channel * inner]);
    return first - first == 0.0f ? first : 0.0f;
  }
};

__device__ __forceinline__ void batch_norm_statistics(const Element *x, float *partial,
                                                      const Tile &tile) {
  const float shift = tile.shift(x), extent = tile.extent(tile.chunk);
  float v[kItems];
  float sum = 0.0f;
#pragma unroll
  for (unsigned int k = 0; k < kItems; k++) {
    v[k] = tile.has(k) ? to_float(x[tile.at(k)]) - shift : 0.0f;
    sum += v[k];
  }
  const float mean = tile.sum(sum) / extent;
  float distances = 0.0f, squares = 0.0f;
#pragma unroll
  for (unsigned int k = 0; k < kItems; k++) {
    const float d = tile.has(k) ? v[k] - mean : 0.0f;
    distances += d;
    squares += d * d;
  }
  distances = tile.sum(distances);
  squares = tile.sum(squares);
  if (tile.lane == 0) {
    partial[tile.partial(tile.chunk)] = mean + distances / extent;
    partial[tile.partial(tile.chunk) + 1] = squares - distances * distances / extent;
  }
}

__device__ __forceinline__ void batch_norm(const Element *x, const float *scale,
                                           const float *bias, const float *partial, Element *y, float *mean,
                                           float *variance, float epsilon,
                                           const Tile &tile) {
  const float shift = tile.shift(x);
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
#pragma unroll
  for (unsigned int k = 0; k < kItems; k++) {
    if (tile.has(k)) {
      const unsigned long long at = tile.at(k);
      y[at] = element((to_float(x[at]) - shift - m) * factor + offset);
    }
  }
  if (tile.chunk == 0 && tile.lane == 0) {
    mean[tile.channel] = shift + m;
    variance[tile.channel] = var;
  }
}

__device__ __forceinline__ void batch_norm_grad_sums(const Element *x, const float *mean,
                                                     const Element *dy, float *partial,
                                                     const Tile &tile) {
  const float m = mean[tile.channel];
  float sum = 0.0f, products = 0.0f;
#pragma unroll
  for (unsigned int k = 0; k < kItems; k++) {
    if (tile.has(k)) {
      const unsigned long long at = tile.at(k);
      const float d = to_float(dy[at]);
      sum += d;
      products += d * (to_float(x[at]) - m);
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
  for (unsigned int k = 0; k < kItems; k++) {
    if (tile.has(k)) {
      const unsigned long long at = tile.at(k);
      dx[at] = element(factor * (to_float(dy[at]) - offset - (to_float(x[at]) - m) * slope));
    }
  }
  if (tile.chunk == 0 && tile.lane == 0) {
    dscale[tile.channel] = products * f;
    dbias[tile.channel] = sum;
  }
}

}  // namespace tarn

#define TARN_TILE unsigned int channels, unsigned int inner, unsigned int count, unsigned int chunks

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_statistics_planes(const tarn::Element *x, float *partial, TARN_TILE) {
  tarn::batch_norm_statistics(x, partial, tarn::Tile(channels, inner, count, chunks));
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_planes(const tarn::Element *x, const float *scale, const float *bias,
                      const float *partial, tarn::Element *y, float *mean, float *variance,
                      TARN_TILE, float epsilon) {
  tarn::batch_norm(x, scale, bias, partial, y, mean, variance, epsilon,
                   tarn::Tile(channels, inner, count, chunks));
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_grad_sums_planes(const tarn::Element *x, const float *mean, const tarn::Element *dy,
                                float *partial, TARN_TILE) {
  tarn::batch_norm_grad_sums(x, mean, dy, partial, tarn::Tile(channels, inner, count, chunks));
}

extern "C" __global__ void __launch_bounds__(256)
    batch_norm_grad_planes(const tarn::Element *x, const float *scale, const float *mean,
                           const float *variance, const tarn::Element *dy, const float *partial,
                           tarn::Element *dx, float *dscale, float *dbias, TARN_TILE,
                           float epsilon) {
  tarn::batch_norm_grad(x, scale, mean, variance, dy, partial, dx, dscale, dbias, epsilon,
                        tarn::Tile(channels, inner, count, chunks));
}
