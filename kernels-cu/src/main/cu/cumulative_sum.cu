// The running sum along an axis: f32 (outer, extent, inner) -> the same, y_i = sum_{k <= i} x_k, or
// sum_{k >= i} x_k where reverse is 1.
//
//   kernel                   for                     grid                         block  a line is summed by
//   cumulative_sum_warp      inner 1, extent <= 1024 (ceil(outer / 8))            256    a warp
//   cumulative_sum_block     inner 1, extent > 1024  (outer)                      256    a block
//   cumulative_sum_columns   inner > 1               (ceil(outer * inner / 256))  256    a thread
//
// Deterministic: the order of additions depends on the extents only. Sums of what was already passed
// are carried in double, so that the error does not grow with the extent.
// The kernels take the same arguments: x, y, outer * inner, extent, inner, reverse.
//
// Moves 8 bytes and does 1 FLOP per element.
#include "collectives.cuh"

namespace tarn {

// The sum over this lane and the lanes before it.
__device__ __forceinline__ float warp_scan(float v) {
  const unsigned int lane = threadIdx.x % 32;
#pragma unroll
  for (unsigned int delta = 1; delta < 32; delta *= 2) {
    const float before = __shfl_up_sync(kAllLanes, v, delta);
    if (lane >= delta) v += before;
  }
  return v;
}

// Where the i-th element to be summed lies in its line.
__device__ __forceinline__ unsigned int place(unsigned int i, unsigned int extent,
                                              unsigned int reverse) {
  return reverse ? extent - 1 - i : i;
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    cumulative_sum_warp(const float *x, float *y, unsigned int lines, unsigned int extent,
                        unsigned int, unsigned int reverse) {
  const unsigned int line = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (line >= lines) return;  // whole warps leave together
  const unsigned long long begin = (unsigned long long)line * extent;
  double carry = 0.0;
  for (unsigned int first = 0; first < extent; first += 32) {
    const unsigned int i = first + threadIdx.x % 32;
    const unsigned long long at = begin + tarn::place(i, extent, reverse);
    const float sum = tarn::warp_scan(i < extent ? x[at] : 0.0f);
    if (i < extent) y[at] = (float)(carry + sum);
    carry += __shfl_sync(tarn::kAllLanes, sum, 31);
  }
}

extern "C" __global__ void __launch_bounds__(256)
    cumulative_sum_block(const float *x, float *y, unsigned int, unsigned int extent, unsigned int,
                         unsigned int reverse) {
  constexpr unsigned int kItems = 4;  // neighbours that a thread sums, so that fewer barriers are met
  __shared__ float warps[32];
  const unsigned int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const unsigned long long begin = (unsigned long long)blockIdx.x * extent;
  double carry = 0.0;
  for (unsigned int first = 0; first < extent; first += kItems * blockDim.x) {
    const unsigned int i = first + kItems * threadIdx.x;
    float v[kItems];
#pragma unroll
    for (unsigned int k = 0; k < kItems; k++) {
      v[k] = i + k < extent ? x[begin + tarn::place(i + k, extent, reverse)] : 0.0f;
      if (k > 0) v[k] += v[k - 1];
    }
    const float scan = tarn::warp_scan(v[kItems - 1]);
    // Shifted rather than scan - v: an infinity less itself is NaN.
    const float lanes_before = __shfl_up_sync(tarn::kAllLanes, scan, 1);
    if (lane == 31) warps[warp] = scan;
    __syncthreads();
    double before = carry;
    for (unsigned int w = 0; w < blockDim.x / 32; w++) {
      if (w < warp) before += warps[w];
      carry += warps[w];
    }
    if (lane > 0) before += lanes_before;
#pragma unroll
    for (unsigned int k = 0; k < kItems; k++) {
      if (i + k < extent) y[begin + tarn::place(i + k, extent, reverse)] = (float)(before + v[k]);
    }
    __syncthreads();  // warps[] is written again
  }
}

extern "C" __global__ void __launch_bounds__(256)
    cumulative_sum_columns(const float *x, float *y, unsigned int lines, unsigned int extent,
                           unsigned int inner, unsigned int reverse) {
  const unsigned int line = blockIdx.x * blockDim.x + threadIdx.x;
  if (line >= lines) return;
  const unsigned long long begin =
      (unsigned long long)(line / inner) * extent * inner + line % inner;
  double sum = 0.0;
  for (unsigned int i = 0; i < extent; i++) {
    const unsigned long long at =
        begin + (unsigned long long)tarn::place(i, extent, reverse) * inner;
    sum += x[at];
    y[at] = (float)sum;
  }
}
