// Reductions f32 [outer, reduced, inner] -> [outer, inner] by sum or maximum (NaN wins).
//
// Deterministic: each result is combined in an order that depends on the shape only; no atomics.
// Long reductions run in two launches: the first gives one partial result per chunk of the reduced
// axis, [outer, chunks, inner]; the second reduces the chunks. One launch is the case chunks == 1.
// Reduced axes that are no neighbours are reduced one after the other.
//
//   kernel                 for        grid                           block  a result is combined by
//   reduce_*_rows_warp     inner 1    (ceil(outer * chunks / 8))     256    a warp
//   reduce_*_rows_block    inner 1    (outer * chunks)               256    a block
//   reduce_*_columns       inner > 1  (ceil(inner / 32), outer * chunks)  32 x L  L threads
// where L is a power of two up to 32.
//
// Moves 4 bytes and does 1 FLOP per input element.
#include "collectives.cuh"

namespace tarn {

// Part of a row that one warp or block reduces: [begin, end) of the flat input.
struct Part {
  unsigned long long begin;
  unsigned int length;
};

// index counts outer * chunks parts.
__device__ __forceinline__ Part part(unsigned int index, unsigned int reduced, unsigned int chunk,
                                     unsigned int chunks) {
  const unsigned int start = index % chunks * chunk;
  return Part{(unsigned long long)(index / chunks) * reduced + start, min(chunk, reduced - start)};
}

// x: (outer, reduced), y: (outer, chunks)
template <class C>
__device__ __forceinline__ void reduce_rows_warp(const float *x, float *y, unsigned int parts,
                                                 unsigned int reduced, unsigned int chunk,
                                                 unsigned int chunks) {
  const unsigned int index = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (index >= parts) return;  // whole warps leave together
  const Part p = part(index, reduced, chunk, chunks);
  float v = C::identity();
  for (unsigned int i = threadIdx.x % 32; i < p.length; i += 32) v = C::combine(v, x[p.begin + i]);
  v = warp_reduce<C>(v);
  if (threadIdx.x % 32 == 0) y[index] = v;
}

// x: (outer, reduced), y: (outer, chunks)
template <class C>
__device__ __forceinline__ void reduce_rows_block(const float *x, float *y, unsigned int reduced,
                                                  unsigned int chunk, unsigned int chunks) {
  __shared__ float scratch[32];
  const Part p = part(blockIdx.x, reduced, chunk, chunks);
  // Four independent loads in flight per thread.
  float v[4] = {C::identity(), C::identity(), C::identity(), C::identity()};
  for (unsigned int i = threadIdx.x; i < p.length; i += 4 * blockDim.x) {
#pragma unroll
    for (unsigned int k = 0; k < 4; k++) {
      const unsigned int j = i + k * blockDim.x;
      if (j < p.length) v[k] = C::combine(v[k], x[p.begin + j]);
    }
  }
  const float result =
      block_reduce<C>(C::combine(C::combine(v[0], v[1]), C::combine(v[2], v[3])), scratch);
  if (threadIdx.x == 0) y[blockIdx.x] = result;
}

// x: (outer, reduced, inner), y: (outer, chunks, inner)
template <class C>
__device__ __forceinline__ void reduce_columns(const float *x, float *y, unsigned int parts,
                                               unsigned int reduced, unsigned int inner,
                                               unsigned int chunk, unsigned int chunks) {
  __shared__ float scratch[32][33];
  const unsigned int column = blockIdx.x * 32 + threadIdx.x;
  // gridDim.y ends at 65535.
  for (unsigned int index = blockIdx.y; index < parts; index += gridDim.y) {
    const Part p = part(index, reduced, chunk, chunks);
    float v = C::identity();
    if (column < inner) {
#pragma unroll 4
      for (unsigned int i = threadIdx.y; i < p.length; i += blockDim.y) {
        v = C::combine(v, x[(p.begin + i) * inner + column]);
      }
    }
    scratch[threadIdx.y][threadIdx.x] = v;
    __syncthreads();
    if (threadIdx.y == 0 && column < inner) {
      for (unsigned int k = 1; k < blockDim.y; k++) v = C::combine(v, scratch[k][threadIdx.x]);
      y[(unsigned long long)index * inner + column] = v;
    }
    __syncthreads();
  }
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_rows_warp(const float *x, float *y, unsigned int parts, unsigned int reduced,
                         unsigned int chunk, unsigned int chunks) {
  tarn::reduce_rows_warp<tarn::Sum>(x, y, parts, reduced, chunk, chunks);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_max_rows_warp(const float *x, float *y, unsigned int parts, unsigned int reduced,
                         unsigned int chunk, unsigned int chunks) {
  tarn::reduce_rows_warp<tarn::Max>(x, y, parts, reduced, chunk, chunks);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_rows_block(const float *x, float *y, unsigned int reduced, unsigned int chunk,
                          unsigned int chunks) {
  tarn::reduce_rows_block<tarn::Sum>(x, y, reduced, chunk, chunks);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_max_rows_block(const float *x, float *y, unsigned int reduced, unsigned int chunk,
                          unsigned int chunks) {
  tarn::reduce_rows_block<tarn::Max>(x, y, reduced, chunk, chunks);
}

extern "C" __global__ void __launch_bounds__(1024)
    reduce_sum_columns(const float *x, float *y, unsigned int parts, unsigned int reduced,
                       unsigned int inner, unsigned int chunk, unsigned int chunks) {
  tarn::reduce_columns<tarn::Sum>(x, y, parts, reduced, inner, chunk, chunks);
}

extern "C" __global__ void __launch_bounds__(1024)
    reduce_max_columns(const float *x, float *y, unsigned int parts, unsigned int reduced,
                       unsigned int inner, unsigned int chunk, unsigned int chunks) {
  tarn::reduce_columns<tarn::Max>(x, y, parts, reduced, inner, chunk, chunks);
}
