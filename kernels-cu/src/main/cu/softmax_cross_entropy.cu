// Cross-entropy of the softmax of each row with its label, and its gradient.
//
//   lse[n] = log(sum_c exp(x[n,c])), computed as m + log(sum_c exp(x[n,c] - m)) with the row's
//            largest element m
//   loss[n] = lse[n] - x[n, label[n]]; NaN for a label outside [0, C)
//   dx[n,c] = (exp(x[n,c] - lse[n]) - [c == label[n]]) * grad[n]; a row of NaN for such a label
//
// x, dx: f32 (N, C); labels: i32 (N); loss, lse, grad: f32 (N)
//
//   softmax_cross_entropy_warp   C <= 1024  grid (ceil(N / 8))      block 256  a warp a row
//   softmax_cross_entropy_block  C >  1024  grid (N)                block 256  a block a row
//   softmax_cross_entropy_grad   any        grid (ceil(N C / 256))  block 256  a thread an element
//
// Forward moves 4 N C bytes (the row's second reading hits the cache) and evaluates N C exponentials;
// the gradient moves 8 N C bytes and evaluates N C exponentials.
#include "collectives.cuh"

namespace tarn {

__device__ __forceinline__ float nan() { return __int_as_float(0x7fffffff); }

__device__ __forceinline__ float largest_of(const float *row, unsigned int columns,
                                            unsigned int first, unsigned int step) {
  float m = Max::identity();
  for (unsigned int c = first; c < columns; c += step) m = Max::combine(m, row[c]);
  return m;
}

__device__ __forceinline__ float sum_of_exp(const float *row, float m, unsigned int columns,
                                            unsigned int first, unsigned int step) {
  float s = 0.0f;
  for (unsigned int c = first; c < columns; c += step) s += expf(row[c] - m);
  return s;
}

__device__ __forceinline__ void write_row(const float *row, const int *labels, float *loss,
                                          float *lse, unsigned int n, unsigned int columns,
                                          float value) {
  const unsigned int label = (unsigned int)labels[n];
  lse[n] = value;
  loss[n] = label < columns ? value - row[label] : nan();
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    softmax_cross_entropy_warp(const float *x, const int *labels, float *loss, float *lse,
                               unsigned int rows, unsigned int columns) {
  const unsigned int n = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (n >= rows) return;  // whole warps leave together
  const unsigned int lane = threadIdx.x % 32;
  const float *row = x + (unsigned long long)n * columns;
  const float m = tarn::warp_reduce<tarn::Max>(tarn::largest_of(row, columns, lane, 32));
  const float s = tarn::warp_reduce<tarn::Sum>(tarn::sum_of_exp(row, m, columns, lane, 32));
  if (lane == 0) tarn::write_row(row, labels, loss, lse, n, columns, m + logf(s));
}

extern "C" __global__ void __launch_bounds__(256)
    softmax_cross_entropy_block(const float *x, const int *labels, float *loss, float *lse,
                                unsigned int rows, unsigned int columns) {
  __shared__ float scratch[32];
  const unsigned int n = blockIdx.x, thread = threadIdx.x;
  const float *row = x + (unsigned long long)n * columns;
  float m = tarn::largest_of(row, columns, thread, blockDim.x);
  m = tarn::block_reduce<tarn::Max>(m, scratch);
  float s = tarn::sum_of_exp(row, m, columns, thread, blockDim.x);
  s = tarn::block_reduce<tarn::Sum>(s, scratch);
  if (thread == 0) tarn::write_row(row, labels, loss, lse, n, columns, m + logf(s));
}

extern "C" __global__ void __launch_bounds__(256)
    softmax_cross_entropy_grad(const float *x, const int *labels, const float *lse,
                               const float *grad, float *dx, unsigned int elements,
                               unsigned int columns) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= elements) return;
  const unsigned int n = i / columns, c = i - n * columns;
  const unsigned int label = (unsigned int)labels[n];
  const float softmax = expf(x[i] - lse[n]);
  dx[i] = label < columns ? (softmax - (c == label ? 1.0f : 0.0f)) * grad[n] : tarn::nan();
}
