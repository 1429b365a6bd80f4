// Loads and stores of the generated elementwise kernels (dev.tarn.cuda.TapeCompiler).
//
// A thread owns W consecutive elements, from base on, of the result in the order in which it lies, of
// which the first count exist (W but at the end). W is 4, or 8 where bf16 takes part. Where they lie
// together, accesses of 16 bytes move them: base is a multiple of W and every buffer is 16-byte
// aligned. An operand that is broadcast is read in one of these ways, by how its element depends on
// the result's element i:
//   full    i                      scalar  0
//   row     i mod period           column  i / inner
//   middle  (i / inner) mod period  general, any other
// The aligned forms, for periods and inner extents that are multiples of W, need one division for all
// elements.
// No pointer is __restrict__: an output may be an input of the same shape. Every element of a thread
// is loaded before any is stored.
#pragma once
#include "bfloat16.cuh"

namespace tarn {

// An element of memory as a register holds it.
__device__ __forceinline__ float value_of(float x) { return x; }
__device__ __forceinline__ int value_of(int x) { return x; }
__device__ __forceinline__ float value_of(Bf16 x) { return to_float(x); }

template <int W>
__device__ __forceinline__ void load_together(float (&v)[W], const float *p) {
#pragma unroll
  for (int i = 0; i < W; i += 4) {
    const float4 q = *reinterpret_cast<const float4 *>(p + i);
    v[i] = q.x, v[i + 1] = q.y, v[i + 2] = q.z, v[i + 3] = q.w;
  }
}

template <int W>
__device__ __forceinline__ void load_together(int (&v)[W], const int *p) {
#pragma unroll
  for (int i = 0; i < W; i += 4) {
    const int4 q = *reinterpret_cast<const int4 *>(p + i);
    v[i] = q.x, v[i + 1] = q.y, v[i + 2] = q.z, v[i + 3] = q.w;
  }
}

__device__ __forceinline__ void load_together(float (&v)[8], const Bf16 *p) {
  const Bf16x8 q = *reinterpret_cast<const Bf16x8 *>(p);
#pragma unroll
  for (int i = 0; i < 8; i++) v[i] = to_float(q.v[i]);
}

template <class T, class S, int W>
__device__ __forceinline__ void load_full(T (&v)[W], const S *p, unsigned int base,
                                          unsigned int count) {
  if (count == W) {
    load_together(v, p + base);
  } else {
#pragma unroll
    for (unsigned int lane = 0; lane < W; lane++) v[lane] = lane < count ? value_of(p[base + lane]) : T(0);
  }
}

template <class T, class S, int W>
__device__ __forceinline__ void load_scalar(T (&v)[W], const S *p, unsigned int, unsigned int) {
  const T value = value_of(*p);
#pragma unroll
  for (unsigned int lane = 0; lane < W; lane++) v[lane] = value;
}

template <class T, class S, int W>
__device__ __forceinline__ void load_row_aligned(T (&v)[W], const S *p, unsigned int base,
                                                 unsigned int, unsigned int period) {
  load_together(v, p + base % period);
}

template <class T, class S, int W>
__device__ __forceinline__ void load_row(T (&v)[W], const S *p, unsigned int base, unsigned int,
                                         unsigned int period) {
  unsigned int index = base % period;
#pragma unroll
  for (unsigned int lane = 0; lane < W; lane++) {
    v[lane] = value_of(p[index]);
    index = index + 1 == period ? 0 : index + 1;
  }
}

template <class T, class S, int W>
__device__ __forceinline__ void load_column_aligned(T (&v)[W], const S *p, unsigned int base,
                                                    unsigned int count, unsigned int inner) {
  load_scalar(v, p + base / inner, base, count);
}

template <class T, class S, int W>
__device__ __forceinline__ void load_column(T (&v)[W], const S *p, unsigned int base,
                                            unsigned int count, unsigned int inner) {
#pragma unroll
  for (unsigned int lane = 0; lane < W; lane++) {
    v[lane] = lane < count ? value_of(p[(base + lane) / inner]) : T(0);
  }
}

template <class T, class S, int W>
__device__ __forceinline__ void load_middle(T (&v)[W], const S *p, unsigned int base, unsigned int,
                                            unsigned int inner, unsigned int period) {
#pragma unroll
  for (unsigned int lane = 0; lane < W; lane++) {
    v[lane] = value_of(p[(base + lane) / inner % period]);
  }
}

// extents: of groups of axes of the result; along the last, the third from last and so on the
// operand has elements of its own, along the others it repeats.
template <int G>
__device__ __forceinline__ unsigned int general_index(unsigned int rest,
                                                      const unsigned int (&extents)[G]) {
  unsigned int index = 0, stride = 1;
#pragma unroll
  for (int g = G - 1; g >= 0; g--) {
    if ((G - 1 - g) % 2 == 0) {
      index += rest % extents[g] * stride;
      stride *= extents[g];
    }
    rest /= extents[g];
  }
  return index;
}

template <class T, class S, int W, int G>
__device__ __forceinline__ void load_general(T (&v)[W], const S *p, unsigned int base,
                                             unsigned int count, const unsigned int (&extents)[G]) {
  if (extents[G - 1] % W == 0) {
    load_together(v, p + general_index(base, extents));
    return;
  }
#pragma unroll
  for (unsigned int lane = 0; lane < W; lane++) {
    v[lane] = lane < count ? value_of(p[general_index(base + lane, extents)]) : T(0);
  }
}

template <int W>
__device__ __forceinline__ void store_together(float *p, const float (&v)[W]) {
#pragma unroll
  for (int i = 0; i < W; i += 4) {
    *reinterpret_cast<float4 *>(p + i) = make_float4(v[i], v[i + 1], v[i + 2], v[i + 3]);
  }
}

__device__ __forceinline__ void store_together(Bf16 *p, const float (&v)[8]) {
  Bf16x8 q;
#pragma unroll
  for (int i = 0; i < 8; i++) q.v[i] = to_bf16(v[i]);
  *reinterpret_cast<Bf16x8 *>(p) = q;
}

template <class S, int W>
__device__ __forceinline__ void store(S *p, const float (&v)[W], unsigned int base,
                                      unsigned int count) {
  if (count == W) {
    store_together(p + base, v);
  } else {
#pragma unroll
    for (unsigned int lane = 0; lane < W; lane++) {
      if (lane < count) p[base + lane] = from_float<S>(v[lane]);
    }
  }
}

}  // namespace tarn
