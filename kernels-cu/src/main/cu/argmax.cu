// The index of the largest element of each row: f32 (N, C) -> i32 (N). Of equal elements the first
// counts; NaN counts as larger than every number.
//
//   argmax_warp   C <= 1024  grid (ceil(N / 8))  block 256  a warp a row
//   argmax_block  C >  1024  grid (N)            block 256  a block a row
//
// Moves 4 N C bytes.
#include "collectives.cuh"

namespace tarn {

struct Best {
  float value;
  unsigned int index;
};

struct ArgMax {
  static __device__ __forceinline__ Best identity() {
    return Best{-__int_as_float(0x7f800000), 0xffffffffu};
  }
  static __device__ __forceinline__ Best combine(Best a, Best b) {
    const bool nan_a = a.value != a.value, nan_b = b.value != b.value;
    const bool equal = (nan_a && nan_b) || a.value == b.value;
    const bool larger = (nan_a && !nan_b) || a.value > b.value;
    return larger || (equal && a.index < b.index) ? a : b;
  }
};

__device__ __forceinline__ Best shuffle_xor(Best v, int mask) {
  return Best{__shfl_xor_sync(kAllLanes, v.value, mask),
              __shfl_xor_sync(kAllLanes, v.index, mask)};
}

__device__ __forceinline__ Best best_of(const float *row, unsigned int columns, unsigned int first,
                                        unsigned int step) {
  Best best = ArgMax::identity();
  for (unsigned int c = first; c < columns; c += step) {
    best = ArgMax::combine(best, Best{row[c], c});
  }
  return best;
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    argmax_warp(const float *x, int *y, unsigned int rows, unsigned int columns) {
  const unsigned int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (row >= rows) return;  // whole warps leave together
  const float *values = x + (unsigned long long)row * columns;
  tarn::Best best = tarn::best_of(values, columns, threadIdx.x % 32, 32);
  best = tarn::warp_reduce<tarn::ArgMax>(best);
  if (threadIdx.x % 32 == 0) y[row] = (int)best.index;
}

extern "C" __global__ void __launch_bounds__(256)
    argmax_block(const float *x, int *y, unsigned int rows, unsigned int columns) {
  __shared__ tarn::Best scratch[32];
  const float *values = x + (unsigned long long)blockIdx.x * columns;
  tarn::Best best = tarn::best_of(values, columns, threadIdx.x, blockDim.x);
  best = tarn::block_reduce<tarn::ArgMax>(best, scratch);
  if (threadIdx.x == 0) y[blockIdx.x] = (int)best.index;
}
