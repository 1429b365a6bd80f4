// Reductions Element [outer, reduced, inner] -> f32 [outer, inner] by sum or maximum (NaN wins).
//
// Deterministic: each result is combined in an order that depends on the shape only; no atomics.
// Long reductions run in two launches: the first gives one partial result per chunk of the reduced
// axis, f32 [outer, chunks, inner]; the second reduces the chunks. One launch is the case chunks == 1.
// Reduced axes that are no neighbours are reduced one after the other.
//
//   kernel                 for        grid                           block  a result is combined by
//   reduce_*_rows_warp     inner 1    (ceil(outer * chunks / 8))     256    a warp
//   reduce_*_rows_block    inner 1    (outer * chunks)               256    a block
//   reduce_*_columns       inner > 1  (ceil(inner / (X W)), outer * chunks)  X x L  L threads
// where X and L are powers of two up to 32, and W the elements of an access: those of 16 bytes; with
// -DTARN_SINGLE=1, where rows or chunks are not a multiple of them, one.
//
// Moves and combines each input element once.
//
// nvcc-check: -DTARN_BF16=0 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=1 -DTARN_SINGLE=0
// nvcc-check: -DTARN_BF16=0 -DTARN_SINGLE=1
#include "collectives.cuh"
#include "element.cuh"

namespace tarn {

constexpr unsigned int kAhead = 4;  // accesses that a thread begins before it waits for the first

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

// Combines v with the accesses first, first + step and so on, of which each lies pitch elements after the
// one before, up to count.
template <class C>
__device__ __forceinline__ void combine_all(float (&v)[kWidth], const Element *x, unsigned int first,
                                            unsigned int step, unsigned int count,
                                            unsigned long long pitch) {
  unsigned int i = first;
  for (; i + (kAhead - 1) * step < count; i += kAhead * step) {
    Some some[kAhead];
#pragma unroll
    for (unsigned int j = 0; j < kAhead; j++) {
      some[j] = *reinterpret_cast<const Some *>(x + (i + j * step) * pitch);
    }
#pragma unroll
    for (unsigned int j = 0; j < kAhead; j++) {
#pragma unroll
      for (unsigned int k = 0; k < kWidth; k++) v[k] = C::combine(v[k], to_float(some[j].v[k]));
    }
  }
#pragma unroll 1
  for (; i < count; i += step) {
    const Some some = *reinterpret_cast<const Some *>(x + i * pitch);
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) v[k] = C::combine(v[k], to_float(some.v[k]));
  }
}

// The combination of a part by the threads first, first + step ...
template <class C>
__device__ __forceinline__ float combined(const Element *x, const Part &p, unsigned int first,
                                          unsigned int step) {
  float v[kWidth];
#pragma unroll
  for (unsigned int k = 0; k < kWidth; k++) v[k] = C::identity();
  combine_all<C>(v, x + p.begin, first, step, (p.length + kWidth - 1) / kWidth, kWidth);
#pragma unroll
  for (unsigned int k = 1; k < kWidth; k++) v[0] = C::combine(v[0], v[k]);
  return v[0];
}

// x: (outer, reduced), y: (outer, chunks)
template <class C>
__device__ __forceinline__ void reduce_rows_warp(const Element *x, float *y, unsigned int parts,
                                                 unsigned int reduced, unsigned int chunk,
                                                 unsigned int chunks) {
  const unsigned int index = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (index >= parts) return;  // whole warps leave together
  const Part p = part(index, reduced, chunk, chunks);
  const float v = warp_reduce<C>(combined<C>(x, p, threadIdx.x % 32, 32));
  if (threadIdx.x % 32 == 0) y[index] = v;
}

// x: (outer, reduced), y: (outer, chunks)
template <class C>
__device__ __forceinline__ void reduce_rows_block(const Element *x, float *y, unsigned int reduced,
                                                  unsigned int chunk, unsigned int chunks) {
  __shared__ float scratch[32];
  const Part p = part(blockIdx.x, reduced, chunk, chunks);
  const float v = block_reduce<C>(combined<C>(x, p, threadIdx.x, blockDim.x), scratch);
  if (threadIdx.x == 0) y[blockIdx.x] = v;
}

// x: (outer, reduced, inner), y: (outer, chunks, inner)
template <class C>
__device__ __forceinline__ void reduce_columns(const Element *x, float *y, unsigned int parts,
                                               unsigned int reduced, unsigned int inner,
                                               unsigned int chunk, unsigned int chunks) {
  __shared__ float scratch[kWidth][1024];
  const unsigned int column = (blockIdx.x * blockDim.x + threadIdx.x) * kWidth;
  const unsigned int thread = threadIdx.y * blockDim.x + threadIdx.x;
  // gridDim.y ends at 65535.
  for (unsigned int index = blockIdx.y; index < parts; index += gridDim.y) {
    const Part p = part(index, reduced, chunk, chunks);
    float v[kWidth];
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) v[k] = C::identity();
    if (column < inner) {
      combine_all<C>(v, x + p.begin * inner + column, threadIdx.y, blockDim.y, p.length, inner);
    }
#pragma unroll
    for (unsigned int k = 0; k < kWidth; k++) scratch[k][thread] = v[k];
    __syncthreads();
    if (threadIdx.y == 0 && column < inner) {
#pragma unroll
      for (unsigned int k = 0; k < kWidth; k++) {
        for (unsigned int i = 1; i < blockDim.y; i++) {
          v[k] = C::combine(v[k], scratch[k][i * blockDim.x + threadIdx.x]);
        }
        y[(unsigned long long)index * inner + column + k] = v[k];
      }
    }
    __syncthreads();
  }
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_rows_warp(const tarn::Element *x, float *y, unsigned int parts, unsigned int reduced,
                         unsigned int chunk, unsigned int chunks) {
  tarn::reduce_rows_warp<tarn::Sum>(x, y, parts, reduced, chunk, chunks);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_max_rows_warp(const tarn::Element *x, float *y, unsigned int parts, unsigned int reduced,
                         unsigned int chunk, unsigned int chunks) {
  tarn::reduce_rows_warp<tarn::Max>(x, y, parts, reduced, chunk, chunks);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_sum_rows_block(const tarn::Element *x, float *y, unsigned int reduced, unsigned int chunk,
                          unsigned int chunks) {
  tarn::reduce_rows_block<tarn::Sum>(x, y, reduced, chunk, chunks);
}

extern "C" __global__ void __launch_bounds__(256)
    reduce_max_rows_block(const tarn::Element *x, float *y, unsigned int reduced, unsigned int chunk,
                          unsigned int chunks) {
  tarn::reduce_rows_block<tarn::Max>(x, y, reduced, chunk, chunks);
}

extern "C" __global__ void __launch_bounds__(1024)
    reduce_sum_columns(const tarn::Element *x, float *y, unsigned int parts, unsigned int reduced,
                       unsigned int inner, unsigned int chunk, unsigned int chunks) {
  tarn::reduce_columns<tarn::Sum>(x, y, parts, reduced, inner, chunk, chunks);
}

extern "C" __global__ void __launch_bounds__(1024)
    reduce_max_columns(const tarn::Element *x, float *y, unsigned int parts, unsigned int reduced,
                       unsigned int inner, unsigned int chunk, unsigned int chunks) {
  tarn::reduce_columns<tarn::Max>(x, y, parts, reduced, inner, chunk, chunks);
}
