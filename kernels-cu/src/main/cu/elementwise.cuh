// Loads and stores of the generated elementwise kernels (dev.tarn.cuda.TapeCompiler).
//
// A thread owns four consecutive elements base .. base + 3 of the row-major result, of which the
// first count exist (4 but at the end). Where the four lie together, one access of 16 bytes, or 8 of
// bf16, moves them: base is a multiple of four and every buffer is 16-byte aligned. An operand that is
// broadcast is read in one of these ways, by how its element depends on the result's element i:
//   full    i                      scalar  0
//   row     i mod period           column  i / inner
//   middle  (i / inner) mod period  general, any other
// The forms for periods and inner extents that are multiples of four need one access and one
// division for all four elements.
// No pointer is __restrict__: an output may be an input of the same shape. Every element of the four
// is loaded before any is stored.
#pragma once
#include "bfloat16.cuh"

namespace tarn {

// An element of memory as a register holds it.
__device__ __forceinline__ float value_of(float x) { return x; }
__device__ __forceinline__ int value_of(int x) { return x; }
__device__ __forceinline__ float value_of(Bf16 x) { return to_float(x); }

__device__ __forceinline__ void load_together(float (&v)[4], const float *p) {
  const float4 q = *reinterpret_cast<const float4 *>(p);
  v[0] = q.x, v[1] = q.y, v[2] = q.z, v[3] = q.w;
}

__device__ __forceinline__ void load_together(int (&v)[4], const int *p) {
  const int4 q = *reinterpret_cast<const int4 *>(p);
  v[0] = q.x, v[1] = q.y, v[2] = q.z, v[3] = q.w;
}

__device__ __forceinline__ void load_together(float (&v)[4], const Bf16 *p) {
  const Bf16x4 q = *reinterpret_cast<const Bf16x4 *>(p);
#pragma unroll
  for (unsigned int lane = 0; lane < 4; lane++) v[lane] = to_float(q.v[lane]);
}

template <class T, class S>
__device__ __forceinline__ void load_full(T (&v)[4], const S *p, unsigned int base,
                                          unsigned int count) {
  if (count == 4) {
    load_together(v, p + base);
  } else {
#pragma unroll
    for (unsigned int lane = 0; lane < 4; lane++) v[lane] = lane < count ? value_of(p[base + lane]) : T(0);
  }
}

template <class T, class S>
__device__ __forceinline__ void load_scalar(T (&v)[4], const S *p, unsigned int, unsigned int) {
  v[0] = v[1] = v[2] = v[3] = value_of(*p);
}

template <class T, class S>
__device__ __forceinline__ void load_row_by_four(T (&v)[4], const S *p, unsigned int base,
                                                 unsigned int, unsigned int period) {
  load_together(v, p + base % period);
}

template <class T, class S>
__device__ __forceinline__ void load_row(T (&v)[4], const S *p, unsigned int base, unsigned int,
                                         unsigned int period) {
  unsigned int index = base % period;
#pragma unroll
  for (unsigned int lane = 0; lane < 4; lane++) {
    v[lane] = value_of(p[index]);
    index = index + 1 == period ? 0 : index + 1;
  }
}

template <class T, class S>
__device__ __forceinline__ void load_column_by_four(T (&v)[4], const S *p, unsigned int base,
                                                    unsigned int, unsigned int inner) {
  v[0] = v[1] = v[2] = v[3] = value_of(p[base / inner]);
}

template <class T, class S>
__device__ __forceinline__ void load_column(T (&v)[4], const S *p, unsigned int base,
                                            unsigned int count, unsigned int inner) {
#pragma unroll
  for (unsigned int lane = 0; lane < 4; lane++) {
    v[lane] = lane < count ? value_of(p[(base + lane) / inner]) : T(0);
  }
}

template <class T, class S>
__device__ __forceinline__ void load_middle(T (&v)[4], const S *p, unsigned int base, unsigned int,
                                            unsigned int inner, unsigned int period) {
#pragma unroll
  for (unsigned int lane = 0; lane < 4; lane++) {
    v[lane] = value_of(p[(base + lane) / inner % period]);
  }
}

// extents: of groups of axes of the result; along the last, the third from last and so on the
// operand has elements of its own, along the others it repeats.
template <class T, class S, int G>
__device__ __forceinline__ void load_general(T (&v)[4], const S *p, unsigned int base,
                                             unsigned int count, const unsigned int (&extents)[G]) {
#pragma unroll
  for (unsigned int lane = 0; lane < 4; lane++) {
    unsigned int rest = base + lane, index = 0, stride = 1;
#pragma unroll
    for (int g = G - 1; g >= 0; g--) {
      if ((G - 1 - g) % 2 == 0) {
        index += rest % extents[g] * stride;
        stride *= extents[g];
      }
      rest /= extents[g];
    }
    v[lane] = lane < count ? value_of(p[index]) : T(0);
  }
}

__device__ __forceinline__ void store(float *p, const float (&v)[4], unsigned int base,
                                      unsigned int count) {
  if (count == 4) {
    *reinterpret_cast<float4 *>(p + base) = make_float4(v[0], v[1], v[2], v[3]);
  } else {
#pragma unroll
    for (unsigned int lane = 0; lane < 4; lane++) {
      if (lane < count) p[base + lane] = v[lane];
    }
  }
}

__device__ __forceinline__ void store(Bf16 *p, const float (&v)[4], unsigned int base,
                                      unsigned int count) {
  if (count == 4) {
    *reinterpret_cast<Bf16x4 *>(p + base) =
        Bf16x4{{to_bf16(v[0]), to_bf16(v[1]), to_bf16(v[2]), to_bf16(v[3])}};
  } else {
#pragma unroll
    for (unsigned int lane = 0; lane < 4; lane++) {
      if (lane < count) p[base + lane] = to_bf16(v[lane]);
    }
  }
}

// What is left of a register that was stored as bf16.
__device__ __forceinline__ float round_bf16(float x) { return to_float(to_bf16(x)); }

}  // namespace tarn
