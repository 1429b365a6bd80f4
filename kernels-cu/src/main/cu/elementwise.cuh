// Loads and stores of the generated elementwise kernels (dev.tarn.cuda.TapeCompiler).
//
// A thread owns four consecutive elements base .. base + 3 of the row-major result, of which the
// first count exist (4 but at the end). Where the four lie together, one 16-byte access moves them:
// base is a multiple of four and every buffer is 16-byte aligned. An operand that is broadcast is
// read in one of these ways, by how its element depends on the result's element i:
//   full    i                      scalar  0
//   row     i mod period           column  i / inner
//   middle  (i / inner) mod period  general, any other
// The forms for periods and inner extents that are multiples of four need one access and one
// division for all four elements.
// No pointer is __restrict__: an output may be an input of the same shape. Every element of the four
// is loaded before any is stored.
#pragma once

namespace tarn {

// The nearest bf16, of two the even one; too large becomes infinite, NaN stays NaN.
__device__ __forceinline__ float round_bf16(float x) {
  const unsigned int bits = __float_as_uint(x);
  const unsigned int rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
  return x != x ? x : __uint_as_float(rounded);
}

template <class T>
__device__ __forceinline__ void load_together(T (&v)[4], const T *p);

template <>
__device__ __forceinline__ void load_together<float>(float (&v)[4], const float *p) {
  const float4 q = *reinterpret_cast<const float4 *>(p);
  v[0] = q.x, v[1] = q.y, v[2] = q.z, v[3] = q.w;
}

template <>
__device__ __forceinline__ void load_together<int>(int (&v)[4], const int *p) {
  const int4 q = *reinterpret_cast<const int4 *>(p);
  v[0] = q.x, v[1] = q.y, v[2] = q.z, v[3] = q.w;
}

template <class T>
__device__ __forceinline__ void load_full(T (&v)[4], const T *p, unsigned int base,
                                          unsigned int count) {
  if (count == 4) {
    load_together(v, p + base);
  } else {
#pragma unroll
    for (unsigned int lane = 0; lane < 4; lane++) v[lane] = lane < count ? p[base + lane] : T(0);
  }
}

template <class T>
__device__ __forceinline__ void load_scalar(T (&v)[4], const T *p, unsigned int, unsigned int) {
  v[0] = v[1] = v[2] = v[3] = *p;
}

template <class T>
__device__ __forceinline__ void load_row_by_four(T (&v)[4], const T *p, unsigned int base,
                                                 unsigned int, unsigned int period) {
  load_together(v, p + base % period);
}

template <class T>
__device__ __forceinline__ void load_row(T (&v)[4], const T *p, unsigned int base, unsigned int,
                                         unsigned int period) {
  unsigned int index = base % period;
#pragma unroll
  for (unsigned int lane = 0; lane < 4; lane++) {
    v[lane] = p[index];
    index = index + 1 == period ? 0 : index + 1;
  }
}

template <class T>
__device__ __forceinline__ void load_column_by_four(T (&v)[4], const T *p, unsigned int base,
                                                    unsigned int, unsigned int inner) {
  v[0] = v[1] = v[2] = v[3] = p[base / inner];
}

template <class T>
__device__ __forceinline__ void load_column(T (&v)[4], const T *p, unsigned int base,
                                            unsigned int count, unsigned int inner) {
#pragma unroll
  for (unsigned int lane = 0; lane < 4; lane++) {
    v[lane] = lane < count ? p[(base + lane) / inner] : T(0);
  }
}

template <class T>
__device__ __forceinline__ void load_middle(T (&v)[4], const T *p, unsigned int base, unsigned int,
                                            unsigned int inner, unsigned int period) {
#pragma unroll
  for (unsigned int lane = 0; lane < 4; lane++) v[lane] = p[(base + lane) / inner % period];
}

// extents: of groups of axes of the result; along the last, the third from last and so on the
// operand has elements of its own, along the others it repeats.
template <class T, int G>
__device__ __forceinline__ void load_general(T (&v)[4], const T *p, unsigned int base,
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
    v[lane] = lane < count ? p[index] : T(0);
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

}  // namespace tarn
