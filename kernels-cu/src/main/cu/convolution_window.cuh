// Where the taps of a convolution lie whose window is compiled in: TARN_R x TARN_S taps, TARN_STRIDE_*,
// TARN_DILATION_*. See convolution_tensor.cu.
#pragma once
#include "divider.cuh"

namespace tarn {

// "Out" has the pixels that results belong to, "in" is read at window positions; for the adjoint in is
// dy and out is dx.
struct Pixels {
  unsigned int pixels;  // N * plane of out
  unsigned int in_h, in_w;
  int pad_top, pad_left;
  Divider out_plane, out_w;
};

struct Tap {
  unsigned int r, s;

  static __device__ __forceinline__ Tap first() { return Tap{0, 0}; }

  __device__ __forceinline__ void next() {
    if (++s == TARN_S) {
      s = 0;
      r++;
    }
  }
};

// A pixel of out: its image, and where its window begins in in, or for the adjoint its place in the
// padded image. Past the last pixel it has no taps.
template <bool kAdjoint>
struct Window {
  unsigned int image;
  int h, w;

  static __device__ __forceinline__ Window of(const Pixels &c, unsigned int pixel) {
    if (pixel >= c.pixels) return Window{0, -(1 << 29), 0};
    const unsigned int image = c.out_plane.quotient(pixel);
    const unsigned int at = pixel - image * c.out_plane.divisor;
    const int row = (int)c.out_w.quotient(at);
    const int column = (int)at - row * (int)c.out_w.divisor;
    if (kAdjoint) return Window{image, row + c.pad_top, column + c.pad_left};
    return Window{image, row * TARN_STRIDE_H - c.pad_top, column * TARN_STRIDE_W - c.pad_left};
  }

  // The pixel of in's plane that a tap meets; false if there is none.
  __device__ __forceinline__ bool find(const Pixels &c, const Tap &tap, unsigned int &at) const {
    int row, column;
    bool ok = true;
    if (kAdjoint) {
      const int down = h - (int)tap.r * TARN_DILATION_H, right = w - (int)tap.s * TARN_DILATION_W;
      row = down / TARN_STRIDE_H;
      column = right / TARN_STRIDE_W;
      ok = down >= 0 && right >= 0 && row * TARN_STRIDE_H == down && column * TARN_STRIDE_W == right;
    } else {
      row = h + (int)tap.r * TARN_DILATION_H;
      column = w + (int)tap.s * TARN_DILATION_W;
    }
    at = (unsigned int)row * c.in_w + (unsigned int)column;
    return ok && (unsigned int)row < c.in_h && (unsigned int)column < c.in_w;
  }
};

}  // namespace tarn

// A Pixels as parameters of a kernel: they stay in constant memory and cost no registers.
#define TARN_PIXELS_PARAMETERS                                                        \
  unsigned int pixels, unsigned int in_h, unsigned int in_w, int pad_top, int pad_left, \
      TARN_DIVIDER(out_plane), TARN_DIVIDER(out_w)
#define TARN_PIXELS                                                                  \
  tarn::Pixels {                                                                     \
    pixels, in_h, in_w, pad_top, pad_left, TARN_DIVIDER_VALUE(out_plane), TARN_DIVIDER_VALUE(out_w) \
  }
