// Loads and stores of float values of a thread that lie side by side: kCount of them, 1, 4 or 8, from a
// multiple of kCount elements on. Every buffer is 16-byte aligned, and accesses are of up to 16 bytes.
#pragma once
#include "bfloat16.cuh"

namespace tarn {

template <class S, unsigned int kCount>
struct __align__(kCount * sizeof(S)) Access {
  S v[kCount];
};

template <class S, unsigned int kCount>
constexpr unsigned int kAccessWidth = kCount * sizeof(S) > 16 ? 16 / sizeof(S) : kCount;

template <class S, unsigned int kCount>
__device__ __forceinline__ void load_neighbours(float (&v)[kCount], const S *p) {
  constexpr unsigned int kWide = kAccessWidth<S, kCount>;
#pragma unroll
  for (unsigned int i = 0; i < kCount; i += kWide) {
    const auto some = *reinterpret_cast<const Access<S, kWide> *>(p + i);
#pragma unroll
    for (unsigned int j = 0; j < kWide; j++) v[i + j] = to_float(some.v[j]);
  }
}

template <class S, unsigned int kCount>
__device__ __forceinline__ void store_neighbours(S *p, const float (&v)[kCount]) {
  constexpr unsigned int kWide = kAccessWidth<S, kCount>;
#pragma unroll
  for (unsigned int i = 0; i < kCount; i += kWide) {
    Access<S, kWide> some;
#pragma unroll
    for (unsigned int j = 0; j < kWide; j++) some.v[j] = from_float<S>(v[i + j]);
    *reinterpret_cast<Access<S, kWide> *>(p + i) = some;
  }
}

// What becomes of results that an epilogue has stored, as they are in memory: nothing.
struct Unseen {
  template <unsigned int kCount>
  __device__ __forceinline__ void operator()(unsigned int, const float (&)[kCount]) const {}
};

// An element for each channel; with kAcross values that lie side by side are of channels that do.
template <bool kAcross, class S, unsigned int kCount>
__device__ __forceinline__ void load_channels(float (&v)[kCount], const S *p, unsigned int channel) {
  if (kAcross) {
    load_neighbours(v, p + channel);
  } else {
    const float one = to_float(p[channel]);
#pragma unroll
    for (unsigned int i = 0; i < kCount; i++) v[i] = one;
  }
}

}  // namespace tarn
