// How batch normalization over (N, C, S) cuts its elements; see batch_norm.cu.
#pragma once
#include "collectives.cuh"
#include "divider.cuh"
#include "element.cuh"

namespace tarn {

constexpr unsigned int kItems = 16;                   // elements of a thread
constexpr unsigned int kAccesses = kItems / kWidth;  // in which it has them

// A block's part of the elements of its channel.
struct Tile {
  static constexpr unsigned int kLanes = 256;
  static constexpr unsigned int kChunk = kLanes * kItems;
  unsigned int channels;
  Divider inner;
  unsigned int count, chunks, chunk, channel, lane;

  __device__ __forceinline__ Tile(unsigned int channels, const Divider &inner, unsigned int count,
                                  unsigned int chunks)
      : channels(channels), inner(inner), count(count), chunks(chunks) {
    channel = blockIdx.x / chunks;
    chunk = blockIdx.x - channel * chunks;
    lane = threadIdx.x;
  }

  __device__ __forceinline__ unsigned int index(unsigned int k) const {
    return chunk * kChunk + (k * kLanes + lane) * kWidth;
  }

  __device__ __forceinline__ bool has(unsigned int k) const { return index(k) < count; }

  // Where access k of this thread lies.
  __device__ __forceinline__ unsigned long long at(unsigned int k) const {
    const unsigned int i = index(k);
    const unsigned int n = inner.quotient(i);
    return ((unsigned long long)n * channels + channel) * inner.divisor + (i - n * inner.divisor);
  }

  // This thread's elements of x; what the channel does not have is other.
  __device__ __forceinline__ void load(const Element *x, float other,
                                       float (&v)[kAccesses][kWidth]) const {
    // All are begun before the first is waited for, so without branches.
    Some some[kAccesses];
    const unsigned long long first = (unsigned long long)channel * inner.divisor;
#pragma unroll
    for (unsigned int k = 0; k < kAccesses; k++) {
      some[k] = *reinterpret_cast<const Some *>(x + (has(k) ? at(k) : first));
    }
#pragma unroll
    for (unsigned int k = 0; k < kAccesses; k++) {
#pragma unroll
      for (unsigned int j = 0; j < kWidth; j++) v[k][j] = has(k) ? to_float(some[k].v[j]) : other;
    }
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
    const float first = to_float(x[(unsigned long long)channel * inner.divisor]);
    return first - first == 0.0f ? first : 0.0f;
  }
};

}  // namespace tarn

#define TARN_TILE_PARAMETERS \
  unsigned int channels, TARN_DIVIDER(inner), unsigned int count, unsigned int chunks
#define TARN_TILE \
  tarn::Tile { channels, TARN_DIVIDER_VALUE(inner), count, chunks }
