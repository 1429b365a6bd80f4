// Rows of f32 (N, C) that are read once where their threads can hold them in registers; see softmax.cu.
//
// TARN_LANES threads share a row: 1 to 32 of a warp, or a block of 256 to 1024. Each holds TARN_HELD
// accesses of the row, of 16 bytes, or with -DTARN_SINGLE=1, for a C that is not a multiple of four, of
// 4 bytes; neighbours in the row are neighbouring threads. With -DTARN_HELD=0 a row is too long for
// that and is read again, four accesses of 16 bytes of each thread at a time, or eight of 4 bytes.
#pragma once
#include "collectives.cuh"
#include "element.cuh"

namespace tarn {

constexpr unsigned int kLanes = TARN_LANES;
constexpr bool kHolds = TARN_HELD > 0;
constexpr unsigned int kAccesses = kHolds ? TARN_HELD : kWidth == 1 ? 8 : 4;  // of a thread at once
constexpr unsigned int kRowThreads = kLanes < 256 ? 256 : kLanes;     // of a block
constexpr unsigned int kSpan = kLanes * kAccesses * kWidth;           // elements of a row at once

// Combines over the threads of a row; all of them get the result.
template <class C>
__device__ __forceinline__ float row_reduce(float v) {
#if TARN_LANES > 32
  __shared__ float scratch[32];
  return block_reduce<C>(v, scratch);
#else
#pragma unroll
  for (int mask = kLanes / 2; mask > 0; mask >>= 1) v = C::combine(v, shuffle_xor(v, mask));
  return v;
#endif
}

// What a thread has of a row at once.
struct Held {
  float v[kAccesses][kWidth];

  // Calls work(element) for each.
  template <class Work>
  __device__ __forceinline__ void each(const Work &work) {
#pragma unroll
    for (unsigned int k = 0; k < kAccesses; k++) {
#pragma unroll
      for (unsigned int j = 0; j < kWidth; j++) work(v[k][j]);
    }
  }

  __device__ __forceinline__ float largest() {
    float m = Max::identity();
    each([&](float x) { m = Max::combine(m, x); });
    return m;
  }
};

// The row of a thread. One past the last takes part in reductions, and is neither read nor written.
struct Row {
  const unsigned int number, columns, lane;
  const bool exists;

  __device__ __forceinline__ Row(unsigned int rows, unsigned int columns)
      : number(blockIdx.x * (kRowThreads / kLanes) + threadIdx.x / kLanes),
        columns(columns),
        lane(threadIdx.x % kLanes),
        exists(number < rows) {}

  __device__ __forceinline__ unsigned long long begin() const {
    return (unsigned long long)number * columns;
  }

  __device__ __forceinline__ unsigned int column(unsigned int first, unsigned int access) const {
    return first + (lane + access * kLanes) * kWidth;
  }

  // Reads x from column first on; what the row does not have is other.
  __device__ __forceinline__ void load(const float *x, unsigned int first, float other,
                                       Held &held) const {
    const float *row = x + begin();
#pragma unroll
    for (unsigned int k = 0; k < kAccesses; k++) {
      const unsigned int c = column(first, k);
      Some some;
#pragma unroll
      for (unsigned int j = 0; j < kWidth; j++) some.v[j] = other;
      if (exists && c < columns) some = *reinterpret_cast<const Some *>(row + c);
#pragma unroll
      for (unsigned int j = 0; j < kWidth; j++) held.v[k][j] = some.v[j];
    }
  }

  __device__ __forceinline__ void store(float *y, unsigned int first, const Held &held) const {
    float *row = y + begin();
#pragma unroll
    for (unsigned int k = 0; k < kAccesses; k++) {
      const unsigned int c = column(first, k);
      Some some;
#pragma unroll
      for (unsigned int j = 0; j < kWidth; j++) some.v[j] = held.v[k][j];
      if (exists && c < columns) *reinterpret_cast<Some *>(row + c) = some;
    }
  }
};

// The largest element m of a row, and sum_c exp(x[c] - m): NaN if an element is NaN or plus infinity,
// or all are minus infinity.
struct Exponentials {
  float largest, sum;

  // x: the row, if its threads hold it, and then exp(x - m). Elements past the row are minus infinity,
  // which adds nothing.
  static __device__ __forceinline__ Exponentials of_held(Held &x) {
    const float m = row_reduce<Max>(x.largest());
    float s = 0.0f;
    x.each([&](float &v) {
      v = expf(v - m);
      s += v;
    });
    return Exponentials{m, row_reduce<Sum>(s)};
  }

  // In one pass: what was summed is scaled when a larger element comes (Milakov and Gimelshein,
  // "Online normalizer calculation for softmax", 2018).
  static __device__ __forceinline__ Exponentials of_long(const Row &row, const float *x) {
    float m = Max::identity(), s = 0.0f;
    for (unsigned int first = 0; first < row.columns; first += kSpan) {
      Held some;
      row.load(x, first, Max::identity(), some);
      const float next = Max::combine(m, some.largest());
      if (next == Max::identity()) continue;  // only minus infinities so far
      s *= expf(m - next);
      some.each([&](float v) { s += expf(v - next); });
      m = next;
    }
    const float largest = row_reduce<Max>(m);
    return Exponentials{largest, row_reduce<Sum>(s * expf(m - largest))};
  }
};

}  // namespace tarn
