// Sums of what a generated elementwise kernel makes (dev.tarn.cuda.TapeCompiler), taken beside storing it.
//
// compute(base, total) computes the W elements from base on, stores what is to be stored and adds what
// is summed to total. Deterministic: which thread adds which elements depends on the shape only, and
// threads are added in a fixed order. Every element exists: rows are multiples of W.
//
//   function      of (outer, reduced, inner)  grid                           block         sums
//   sum_columns   (1, reduced, inner)         (ceil(inner / (X W)), chunks)  X x Y <= 512  (chunks, inner)
//   sum_rows      (outer, reduced, 1)         (ceil(outer chunks / Y))       X x Y <= 512  (outer, chunks)
//
// The threads along X have neighbouring elements; X and Y are powers of two.
#pragma once

namespace tarn {

constexpr unsigned int kSumThreads = 512;

template <int W, class Compute>
__device__ __forceinline__ void sum_columns(float *sums, unsigned int reduced, unsigned int inner,
                                            unsigned int chunk, Compute compute) {
  __shared__ float scratch[W][kSumThreads];
  const unsigned int column = (blockIdx.x * blockDim.x + threadIdx.x) * W;
  const unsigned int thread = threadIdx.y * blockDim.x + threadIdx.x;
  const unsigned int first = blockIdx.y * chunk, end = min(first + chunk, reduced);
  float total[W];
#pragma unroll
  for (int k = 0; k < W; k++) total[k] = 0.0f;
  if (column < inner) {
    for (unsigned int row = first + threadIdx.y; row < end; row += blockDim.y) {
      compute(row * inner + column, total);
    }
  }
#pragma unroll
  for (int k = 0; k < W; k++) scratch[k][thread] = total[k];
  for (unsigned int half = blockDim.y / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.y < half) {
#pragma unroll
      for (int k = 0; k < W; k++) {
        total[k] += scratch[k][thread + half * blockDim.x];
        scratch[k][thread] = total[k];
      }
    }
  }
  if (threadIdx.y == 0 && column < inner) {
#pragma unroll
    for (int k = 0; k < W; k++) sums[blockIdx.y * inner + column + k] = total[k];
  }
}

template <int W, class Compute>
__device__ __forceinline__ void sum_rows(float *sums, unsigned int parts, unsigned int reduced,
                                         unsigned int chunk, unsigned int chunks, Compute compute) {
  __shared__ float scratch[kSumThreads];
  const unsigned int part = blockIdx.x * blockDim.y + threadIdx.y;
  const unsigned int thread = threadIdx.y * blockDim.x + threadIdx.x;
  float total[W];
#pragma unroll
  for (int k = 0; k < W; k++) total[k] = 0.0f;
  if (part < parts) {
    const unsigned int begin = part / chunks * reduced, first = part % chunks * chunk;
    const unsigned int end = min(first + chunk, reduced);
    for (unsigned int i = first + threadIdx.x * W; i < end; i += blockDim.x * W) {
      compute(begin + i, total);
    }
  }
#pragma unroll
  for (int k = 1; k < W; k++) total[0] += total[k];
  scratch[thread] = total[0];
  for (unsigned int half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) {
      total[0] += scratch[thread + half];
      scratch[thread] = total[0];
    }
  }
  if (threadIdx.x == 0 && part < parts) sums[part] = total[0];
}

}  // namespace tarn
