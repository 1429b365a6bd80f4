// Reductions over the lanes of a warp and the threads of a block, in a fixed order: the same input
// gives the same bits. A combination C is a type with
//   static T combine(T a, T b)   associative in exact arithmetic
//   static T identity()
// where T is a 32-bit type or the struct Best of argmax.cu.
#pragma once

namespace tarn {

constexpr unsigned int kAllLanes = 0xffffffffu;

struct Sum {
  static __device__ __forceinline__ float identity() { return 0.0f; }
  static __device__ __forceinline__ float combine(float a, float b) { return a + b; }
};

// The larger; NaN if either is NaN.
struct Max {
  static __device__ __forceinline__ float identity() { return -__int_as_float(0x7f800000); }
  static __device__ __forceinline__ float combine(float a, float b) {
    return a != a || b != b ? a + b : fmaxf(a, b);
  }
};

__device__ __forceinline__ float shuffle_xor(float v, int mask) {
  return __shfl_xor_sync(kAllLanes, v, mask);
}

// Combines over the 32 lanes; every lane gets the result.
template <class C, class T>
__device__ __forceinline__ T warp_reduce(T v) {
#pragma unroll
  for (int mask = 16; mask > 0; mask >>= 1) v = C::combine(v, shuffle_xor(v, mask));
  return v;
}

// Combines over a block of whole warps, at most 1024 threads; every thread gets the result.
// scratch: 32 elements of shared memory, free again at the next __syncthreads().
template <class C, class T>
__device__ __forceinline__ T block_reduce(T v, T *scratch) {
  const unsigned int lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
  v = warp_reduce<C>(v);
  __syncthreads();
  if (lane == 0) scratch[warp] = v;
  __syncthreads();
  return warp_reduce<C>(lane < warps ? scratch[lane] : C::identity());
}

}  // namespace tarn
