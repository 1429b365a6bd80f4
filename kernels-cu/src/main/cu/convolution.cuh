// Where the terms of a convolution lie; see convolution.cu.
//
// The element that a term multiplies at a pixel lies at place.origin + term.at in the images of a group: what
// depends on the pixel and what depends on the term are computed apart. Whether it exists depends on pixel
// and tap: a pixel holds that in the bits of a mask, or for larger windows find computes it each time.
#pragma once
#include "divider.cuh"

namespace tarn {

// "Out" is what the pixels of the product belong to (y; dx for grad_input), "in" is what is read at
// window positions (x; dy for grad_input). The gradient by w has the numbers of forward.
struct Conv2d {
  unsigned int groups;
  unsigned int m;        // channels of a group of out
  unsigned int k_outer;  // channels of a group of in
  unsigned int terms;    // k_outer * R * S
  unsigned int pixels;   // N * plane of out
  unsigned int w_m, w_k, w_group;  // distances in w between channels of out, of in, and groups
  unsigned int in_h, in_w;
  unsigned long long in_plane;
  unsigned int kernel_h;
  int dilation_h, dilation_w, pad_top, pad_left;
  Divider out_plane, out_w, taps, kernel_w, stride_h, stride_w;
};

// A term of the sum: channel of in within the group, and tap = r * S + s.
struct Term {
  unsigned int channel, tap, r, s;

  static __device__ __forceinline__ Term of(const Conv2d &c, unsigned int term) {
    const unsigned int channel = c.taps.quotient(term);
    const unsigned int tap = term - channel * c.taps.divisor;
    const unsigned int r = c.kernel_w.quotient(tap);
    return Term{channel, tap, r, tap - r * c.kernel_w.divisor};
  }

  template <bool kAdjoint>
  __device__ __forceinline__ int at(const Conv2d &c) const {
    int row = (int)r * c.dilation_h, column = (int)s * c.dilation_w;
    if (kAdjoint) {
      row = -(int)c.stride_h.quotient((unsigned int)row);
      column = -(int)c.stride_w.quotient((unsigned int)column);
    }
    return (int)(channel * (unsigned int)c.in_plane) + row * (int)c.in_w + column;
  }
};

// A bit for each tap of windows of up to kTaps taps, 32 or 64.
template <unsigned int kTaps>
struct MaskOf {
  using Type = unsigned int;
};
template <>
struct MaskOf<64> {
  using Type = unsigned long long;
};

// A pixel of out: its image, and where its window begins in in (forward), or its place in the padded
// image (adjoint).
struct Place {
  unsigned int image;
  int h, w;

  template <bool kAdjoint>
  static __device__ __forceinline__ Place of(const Conv2d &c, unsigned int pixel) {
    const unsigned int image = c.out_plane.quotient(pixel);
    const unsigned int at = pixel - image * c.out_plane.divisor;
    const int row = (int)c.out_w.quotient(at);
    const int column = (int)at - row * (int)c.out_w.divisor;
    if (kAdjoint) return Place{image, row + c.pad_top, column + c.pad_left};
    return Place{image, row * (int)c.stride_h.divisor - c.pad_top,
                 column * (int)c.stride_w.divisor - c.pad_left};
  }

  // The row or column of in that is step further in a window; false if there is none.
  template <bool kAdjoint>
  static __device__ __forceinline__ bool along(int begin, int step, const Divider &stride,
                                               unsigned int extent, int &at) {
    at = begin + step;
    if (kAdjoint) {
      const int padded = begin - step;
      at = (int)stride.quotient((unsigned int)(padded >= 0 ? padded : 0));
      if (at * (int)stride.divisor != padded) return false;
    }
    return (unsigned int)at < extent;
  }

  // The element of a plane of in that a term multiplies; false if there is none.
  template <bool kAdjoint>
  __device__ __forceinline__ bool find(const Conv2d &c, const Term &t, int &at) const {
    int row, column;
    const bool in_rows = along<kAdjoint>(h, (int)t.r * c.dilation_h, c.stride_h, c.in_h, row);
    const bool in_columns = along<kAdjoint>(w, (int)t.s * c.dilation_w, c.stride_w, c.in_w, column);
    at = row * (int)c.in_w + column;
    return in_rows && in_columns;
  }

  // The element of a plane of in, or outside of it, from which Term::at counts.
  template <bool kAdjoint>
  __device__ __forceinline__ int origin(const Conv2d &c) const {
    if (!kAdjoint) return h * (int)c.in_w + w;
    return (int)(c.stride_h.quotient((unsigned int)h) * c.in_w +
                 c.stride_w.quotient((unsigned int)w));
  }

  // The taps that multiply an element, as bits.
  template <bool kAdjoint, class Mask>
  __device__ __forceinline__ Mask mask(const Conv2d &c) const {
    int at;
    Mask columns = 0, taps = 0;
    for (unsigned int s = 0; s < c.kernel_w.divisor; s++) {
      const bool ok = along<kAdjoint>(w, (int)s * c.dilation_w, c.stride_w, c.in_w, at);
      columns |= (Mask)(ok ? 1 : 0) << s;
    }
    for (unsigned int r = 0; r < c.kernel_h; r++) {
      const bool ok = along<kAdjoint>(h, (int)r * c.dilation_h, c.stride_h, c.in_h, at);
      taps |= (ok ? columns : 0) << r * c.kernel_w.divisor;
    }
    return taps;
  }
};

// The value, of which the compiler does not know how it was computed: it stays in a register, while otherwise
// the loop would compute it again.
__device__ __forceinline__ unsigned int kept(unsigned int value) {
#ifndef __TARN_EMULATOR__
  asm("" : "+r"(value));
#endif
  return value;
}

__device__ __forceinline__ const float *kept(const float *global) {
#ifndef __TARN_EMULATOR__
  asm("" : "+l"(global));
  __builtin_assume(__isGlobal(global));
#endif
  return global;
}

// Two or four elements of shared memory that lie side by side; with flip 1 the last two of four come first.
template <unsigned int kCount = 4, class T>
__device__ __forceinline__ void read_row(T *to, const T *from, unsigned int flip = 0) {
  constexpr unsigned int kWide = kCount * sizeof(T) > 16 ? 16 / sizeof(T) : kCount;
  struct __align__(kWide * sizeof(T)) Some {
    T v[kWide];
  };
#pragma unroll
  for (unsigned int i = 0; i < kCount; i += kWide) {
    const Some some = *reinterpret_cast<const Some *>(from + i);
#pragma unroll
    for (unsigned int j = 0; j < kWide; j++) to[(i + j) ^ (2 * flip)] = some.v[j];
  }
}

// Threads of a warp in 4 rows and 8 columns. A thread holds four neighbouring results down, and again 16
// further, and four across, or again 32 further. Threads that read the same are one or two apart: so the
// hardware reads 16 bytes for each thread of half a warp at once.
struct Lane {
  unsigned int row, column;

  static __device__ __forceinline__ Lane of(unsigned int thread) {
    return Lane{(thread / 16 % 2 * 2 + thread % 2) * 4, thread / 2 % 8 * 4};
  }
};

template <unsigned int kColumns>
__device__ __forceinline__ void multiply(float (&sums)[8][kColumns], const float (&a)[8],
                                         const float (&b)[kColumns]) {
#pragma unroll
  for (unsigned int i = 0; i < 8; i++) {
#pragma unroll
    for (unsigned int j = 0; j < kColumns; j++) sums[i][j] = fmaf(a[i], b[j], sums[i][j]);
  }
}

template <unsigned int kColumns>
__device__ __forceinline__ void clear(float (&sums)[8][kColumns]) {
#pragma unroll
  for (unsigned int i = 0; i < 8; i++) {
#pragma unroll
    for (unsigned int j = 0; j < kColumns; j++) sums[i][j] = 0.0f;
  }
}

}  // namespace tarn

// A Conv2d as parameters of a kernel: they stay in constant memory and cost no registers.
#define TARN_CONV2D_PARAMETERS                                                                      \
  unsigned int groups, unsigned int m, unsigned int k_outer, unsigned int pixels, unsigned int w_m, \
      unsigned int w_k, unsigned int w_group, unsigned int in_h, unsigned int in_w,                 \
      unsigned int kernel_h, int dilation_h, int dilation_w, int pad_top, int pad_left,             \
      TARN_DIVIDER(out_plane), TARN_DIVIDER(out_w), TARN_DIVIDER(taps), TARN_DIVIDER(kernel_w),     \
      TARN_DIVIDER(stride_h), TARN_DIVIDER(stride_w)
#define TARN_CONV2D                                                                              \
  tarn::Conv2d {                                                                                 \
    groups, m, k_outer, k_outer *taps, pixels, w_m, w_k, w_group, in_h, in_w,                    \
        (unsigned long long)in_h *in_w, kernel_h, dilation_h, dilation_w, pad_top, pad_left,     \
        TARN_DIVIDER_VALUE(out_plane), TARN_DIVIDER_VALUE(out_w), TARN_DIVIDER_VALUE(taps),      \
        TARN_DIVIDER_VALUE(kernel_w), TARN_DIVIDER_VALUE(stride_h), TARN_DIVIDER_VALUE(stride_w) \
  }
