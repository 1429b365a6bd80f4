// Where the terms of a convolution lie; see convolution.cu.
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

  // The element of a plane of in that a term multiplies; false if there is none.
  template <bool kAdjoint>
  __device__ __forceinline__ bool find(const Conv2d &c, const Term &t, int &at) const {
    int row = h, column = w;
    bool ok = true;
    if (kAdjoint) {
      row -= (int)t.r * c.dilation_h;
      column -= (int)t.s * c.dilation_w;
      ok = row >= 0 && column >= 0;
      const int p = (int)c.stride_h.quotient((unsigned int)(ok ? row : 0));
      const int q = (int)c.stride_w.quotient((unsigned int)(ok ? column : 0));
      ok = ok && p * (int)c.stride_h.divisor == row && q * (int)c.stride_w.divisor == column;
      row = p;
      column = q;
    } else {
      row += (int)t.r * c.dilation_h;
      column += (int)t.s * c.dilation_w;
    }
    at = row * (int)c.in_w + column;
    return ok && (unsigned int)row < c.in_h && (unsigned int)column < c.in_w;
  }
};

__device__ __forceinline__ void multiply(float *sums, float a, const float4 &b) {
  sums[0] = fmaf(a, b.x, sums[0]);
  sums[1] = fmaf(a, b.y, sums[1]);
  sums[2] = fmaf(a, b.z, sums[2]);
  sums[3] = fmaf(a, b.w, sums[3]);
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
