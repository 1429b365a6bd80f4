// bfloat16 as it lies in memory: the upper half of a float. Arithmetic is done in float.
#pragma once

namespace tarn {

struct Bf16 {
  unsigned short bits;
};

// Eight of them, which one 16-byte access moves; two, which a 4-byte access does.
struct __align__(16) Bf16x8 {
  Bf16 v[8];
};

struct __align__(4) Bf16x2 {
  Bf16 low, high;
};

__device__ __forceinline__ float to_float(float x) { return x; }

__device__ __forceinline__ float to_float(Bf16 x) {
  return __uint_as_float((unsigned int)x.bits << 16);
}

// Rounds to the nearest, ties to even; every NaN becomes 0x7fff.
__device__ __forceinline__ Bf16 to_bf16(float x) {
#if !defined(__TARN_EMULATOR__) && __CUDA_ARCH__ >= 800
  Bf16 result;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
  return result;
#else
  const unsigned int u = __float_as_uint(x);
  return Bf16{(unsigned short)(x != x ? 0x7fffu : (u + 0x7fffu + (u >> 16 & 1)) >> 16)};
#endif
}

// What is left of a register that was stored as bf16.
__device__ __forceinline__ float round_bf16(float x) { return to_float(to_bf16(x)); }

// A float as an element of type T.
template <class T>
__device__ __forceinline__ T from_float(float x);

template <>
__device__ __forceinline__ float from_float<float>(float x) {
  return x;
}

template <>
__device__ __forceinline__ Bf16 from_float<Bf16>(float x) {
  return to_bf16(x);
}

}  // namespace tarn
