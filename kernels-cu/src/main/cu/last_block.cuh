// Two sums for each channel, over rows that many blocks share: a block leaves what its chunk of the rows
// gives in memory and counts itself; the block that finds itself the last combines what all left, in an
// order that does not depend on which block that is. Many chunks are combined in two steps, the second
// of what the last block of each part of them left.
//
// A type of numbers T has
//   void merge(const T &)           adds those of other rows; of no rows it is T{}
//   T from_lane(unsigned int mask)  those of the lane with the other bits of mask
//   static T load(const T *)        past the first-level cache, where what other blocks stored may be missing
#pragma once
#include "collectives.cuh"

namespace tarn {

// A mean and the sum of squared distances from it; the mean is shift + mean. Distances from a shift that
// is some value of the channel are as small as the channel's spread, however large the mean is.
struct __align__(16) Moments {
  float shift, mean, squares, count;

  // Chan et al., "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979.
  __device__ __forceinline__ void merge(const Moments &other) {
    if (other.count == 0.0f) return;
    if (count == 0.0f) {
      *this = other;
      return;
    }
    const float total = count + other.count, part = other.count / total;
    const float distance = other.shift - shift + (other.mean - mean);
    mean += distance * part;
    squares += other.squares + distance * (count * part) * distance;
    count = total;
  }

  __device__ __forceinline__ Moments from_lane(unsigned int mask) const {
    return Moments{shuffle_xor(shift, mask), shuffle_xor(mean, mask), shuffle_xor(squares, mask),
                   shuffle_xor(count, mask)};
  }

  static __device__ __forceinline__ Moments load(const Moments *p) {
    const float4 v = __ldcg(reinterpret_cast<const float4 *>(p));
    return Moments{v.x, v.y, v.z, v.w};
  }
};

// Plain sums.
struct __align__(8) Sums {
  float first, second;

  __device__ __forceinline__ void merge(const Sums &other) {
    first += other.first;
    second += other.second;
  }

  __device__ __forceinline__ Sums from_lane(unsigned int mask) const {
    return Sums{shuffle_xor(first, mask), shuffle_xor(second, mask)};
  }

  static __device__ __forceinline__ Sums load(const Sums *p) {
    const float2 v = __ldcg(reinterpret_cast<const float2 *>(p));
    return Sums{v.x, v.y};
  }
};

// What a block of whole warps knows of itself.
struct Threads {
  unsigned int thread, count;

  static __device__ __forceinline__ Threads here() {
    return Threads{threadIdx.y * blockDim.x + threadIdx.x, blockDim.x * blockDim.y};
  }
};

// Merges rows of numbers that lie in shared memory, a row for each width channels; the first width threads get
// the result, thread i that of channel i.
template <class T>
__device__ __forceinline__ T merge_rows(const T *shared, unsigned int rows, unsigned int width) {
  const unsigned int thread = Threads::here().thread;
  __syncthreads();
  T v{};
  if (thread < width) {
    v = shared[thread];
    for (unsigned int row = 1; row < rows; row++) v.merge(shared[row * width + thread]);
  }
  return v;
}

// The same of numbers that threads have, thread i of channel i mod width, a power of two. shared: a T for
// each thread.
template <class T>
__device__ __forceinline__ T merge_threads(T v, unsigned int width, T *shared) {
  const Threads threads = Threads::here();
  for (unsigned int mask = width; mask < 32; mask *= 2) v.merge(v.from_lane(mask));
  const unsigned int apart = max(width, 32u);
  if (threads.thread % apart < width) {
    shared[threads.thread / apart * width + threads.thread % width] = v;
  }
  return merge_rows(shared, threads.count / apart, width);
}

// Whether this block is the last of so many to ask; it sees what the others stored before they asked: one thread
// hands over for all, between barriers. The counter is 0 before the first asks and after the last did.
__device__ __forceinline__ bool is_last(unsigned int *counter, unsigned int blocks) {
  __syncthreads();
  bool last = false;
  if (Threads::here().thread == 0) {
    __threadfence();
    last = atomicInc(counter, blocks - 1) == blocks - 1;
    __threadfence();
  }
  return __syncthreads_or(last);
}

// Where blocks leave their numbers. partial: T (chunks + parts, channels); counters: (tiles, 1 + parts), zeros;
// a part is so many chunks.
template <class T>
struct LastBlock {
  static constexpr unsigned int kAtOnce = 8;  // numbers that a thread loads before it merges them

  T *partial;
  unsigned int *counters;
  unsigned int channels, chunks, part;

  // v, in thread i < width: what chunk gives for channel first + i, if that is less than end. True in the
  // last block of the tile of channels, where v becomes what all chunks give. width: a power of two, up
  // to the threads; shared: a T for each thread.
  __device__ __forceinline__ bool combine(T &v, unsigned int tile, unsigned int chunk, unsigned int first,
                                          unsigned int end, unsigned int width, T *shared) const {
    const unsigned int thread = Threads::here().thread;
    const unsigned int parts = (chunks + part - 1) / part, which = chunk / part;
    unsigned int row = chunk, from = which * part, to = min(chunks, from + part);
    unsigned int *counter = counters + tile * (1 + parts) + 1 + which;
    while (true) {
      if (thread < width && first + thread < end) {
        partial[(unsigned long long)row * channels + first + thread] = v;
      }
      if (!is_last(counter, to - from)) return false;
      v = rows(from, to, first, end, width, shared);
      if (row >= chunks || parts == 1) return true;
      row = chunks + which;
      from = chunks;
      to = chunks + parts;
      counter = counters + tile * (1 + parts);
    }
  }

 private:
  // What some rows of partial give; thread i gets it for channel first + i. Threads of a channel take turns
  // with the rows; one that is alone takes them as two would, so that the bits are those of more threads.
  __device__ __forceinline__ T rows(unsigned int from, unsigned int to, unsigned int first,
                                    unsigned int end, unsigned int width, T *shared) const {
    const Threads threads = Threads::here();
    const unsigned int channel = first + threads.thread % width, together = threads.count / width;
    const unsigned int apart = max(together, 2u);
    T v{};
    if (channel < end) {
      for (unsigned int turn = threads.thread / width; turn < apart; turn += together) {
        T own{};
        for (unsigned int i = from + turn; i < to; i += kAtOnce * apart) {
          T some[kAtOnce];
#pragma unroll
          for (unsigned int j = 0; j < kAtOnce; j++) {
            const unsigned int row = i + j * apart;
            some[j] = row < to ? T::load(partial + (unsigned long long)row * channels + channel) : T{};
          }
#pragma unroll
          for (unsigned int j = 0; j < kAtOnce; j++) own.merge(some[j]);
        }
        v.merge(own);
      }
    }
    return merge_threads(v, width, shared);
  }
};

}  // namespace tarn

#define TARN_LAST_BLOCK_PARAMETERS unsigned int *counters, unsigned int chunks, unsigned int part
