// How batch normalization of rows of channels cuts them; see batch_norm_columns.cu.
#pragma once
#include "element.cuh"
#include "neighbours.cuh"

namespace tarn {

constexpr unsigned int kAhead = 4;  // rows that a thread loads before it works on them

// A block's chunk of the rows, and the channels of a thread.
struct Tile {
  unsigned int channels, channel, begin, end;

  __device__ __forceinline__ Tile(unsigned int channels, unsigned int rows, unsigned int chunk)
      : channels(channels),
        channel((blockIdx.x * blockDim.x + threadIdx.x) * kWidth),
        begin(blockIdx.y * chunk),
        end(min(rows, (blockIdx.y + 1) * chunk)) {}

  __device__ __forceinline__ bool exists() const { return channel < channels; }

  __device__ __forceinline__ unsigned long long at(unsigned int row) const {
    return (unsigned long long)row * channels + channel;
  }

  // Calls work(at, x, y) for this thread's rows, with what lies at them in a and, with kTwo, in b. Past the
  // last row another is read again, because a branch would wait for what is loaded in it.
  template <bool kTwo, class Work>
  __device__ __forceinline__ void each(const Element *a, const Element *b, const Work &work) const {
    if (!exists()) return;
    for (unsigned int row = begin + threadIdx.y; row < end; row += kAhead * blockDim.y) {
      Some x[kAhead], y[kAhead];
#pragma unroll
      for (unsigned int i = 0; i < kAhead; i++) {
        const unsigned int r = row + i * blockDim.y;
        const unsigned long long from = at(r < end ? r : row);
        x[i] = *reinterpret_cast<const Some *>(a + from);
        if (kTwo) y[i] = *reinterpret_cast<const Some *>(b + from);
      }
#pragma unroll
      for (unsigned int i = 0; i < kAhead; i++) {
        const unsigned int r = row + i * blockDim.y;
        if (r < end) work(at(r), x[i], y[i]);
      }
    }
  }
};

}  // namespace tarn
