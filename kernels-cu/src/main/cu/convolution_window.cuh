// Where the taps of a convolution lie whose window is compiled in: TARN_R x TARN_S taps, TARN_STRIDE_*,
// TARN_DILATION_*. See convolution_tensor.cu.
#pragma once
#include "divider.cuh"

namespace tarn {

// "Out" has the pixels that results belong to, "in" is read at window positions; for the adjoint in is
// dy and out is dx.
//
// The pixels of the adjoint's out fall into phases, by row mod TARN_STRIDE_H and column mod
// TARN_STRIDE_W: to all of a phase the same taps contribute, and no others are multiplied. A phase has
// every TARN_STRIDE_H-th row, from its first on, and counts as many rows as the longest phase has.
struct Pixels {
  unsigned int pixels;  // N * plane of out, or of a phase of it
  unsigned int in_h, in_w;
  int pad_top, pad_left;
  Divider out_plane, out_w;
};

// NVRTC takes a function without __device__ for one of the host, which it does not compile.
__host__ __device__ constexpr unsigned int common(unsigned int a, unsigned int b) {
  return b == 0 ? a : common(b, a % b);
}

template <bool kAdjoint>
struct Phases {
  static constexpr unsigned int kDown = kAdjoint ? TARN_STRIDE_H : 1;
  static constexpr unsigned int kAcross = kAdjoint ? TARN_STRIDE_W : 1;
  // A phase has every kStepH-th row of taps.
  static constexpr unsigned int kStepH = kDown / common(kDown, TARN_DILATION_H);
  static constexpr unsigned int kStepW = kAcross / common(kAcross, TARN_DILATION_W);
};

// The taps of a phase in order: rows from first_r on, columns from first_s on.
template <bool kAdjoint>
struct Tap {
  unsigned int r, s, first_s;

  // Of the phase that has row and column; rows or columns past the last if there are none.
  static __device__ __forceinline__ Tap first(const Pixels &c, unsigned int row,
                                              unsigned int column) {
    Tap tap{0, 0, 0};
    if (kAdjoint) {
      using P = Phases<kAdjoint>;
      while (tap.r < TARN_R && (row + c.pad_top + tap.r * (P::kDown - 1) * TARN_DILATION_H) % P::kDown != 0) tap.r++;
      while (tap.s < TARN_S && (column + c.pad_left + tap.s * (P::kAcross - 1) * TARN_DILATION_W) % P::kAcross != 0) tap.s++;
      tap.first_s = tap.s;
    }
    return tap;
  }

  // How many taps there are from the first on.
  __device__ __forceinline__ unsigned int count() const {
    using P = Phases<kAdjoint>;
    return (TARN_R - r + P::kStepH - 1) / P::kStepH * ((TARN_S - s + P::kStepW - 1) / P::kStepW);
  }

  __device__ __forceinline__ void next() {
    s += Phases<kAdjoint>::kStepW;
    if (s >= TARN_S) {
      s = first_s;
      r += Phases<kAdjoint>::kStepH;
    }
  }

  // Among all taps.
  __device__ __forceinline__ unsigned int index() const { return r * TARN_S + s; }
};

// A pixel of out: its image, and where its window begins in in, or for the adjoint its place in the
// padded image. Past the last pixel it has no taps.
template <bool kAdjoint>
struct Window {
  unsigned int image;
  int h, w;

  // row, column: the phase
  static __device__ __forceinline__ Window of(const Pixels &c, unsigned int pixel,
                                              unsigned int row = 0, unsigned int column = 0) {
    if (pixel >= c.pixels) return Window{0, -(1 << 29), 0};
    const unsigned int image = c.out_plane.quotient(pixel);
    const unsigned int at = pixel - image * c.out_plane.divisor;
    const int down = (int)c.out_w.quotient(at);
    const int across = (int)at - down * (int)c.out_w.divisor;
    if (kAdjoint) {
      return Window{image, down * TARN_STRIDE_H + (int)row + c.pad_top,
                    across * TARN_STRIDE_W + (int)column + c.pad_left};
    }
    return Window{image, down * TARN_STRIDE_H - c.pad_top, across * TARN_STRIDE_W - c.pad_left};
  }

  // The pixel of in's plane that a tap, of the phase for the adjoint, meets; false if there is none.
  __device__ __forceinline__ bool find(const Pixels &c, const Tap<kAdjoint> &tap,
                                       unsigned int &at) const {
    int row, column;
    if (kAdjoint) {
      row = (h - (int)tap.r * TARN_DILATION_H) / TARN_STRIDE_H;
      column = (w - (int)tap.s * TARN_DILATION_W) / TARN_STRIDE_W;
    } else {
      row = h + (int)tap.r * TARN_DILATION_H;
      column = w + (int)tap.s * TARN_DILATION_W;
    }
    at = (unsigned int)row * c.in_w + (unsigned int)column;
    return (unsigned int)row < c.in_h && (unsigned int)column < c.in_w;
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
