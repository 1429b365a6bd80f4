// Largest or average element of windows, and gradients, of images whose channels lie last: x, dx Element
// (N, H, W, C); y, dy Element (N, P, Q, C); taps Tap (N, P, Q, C). C is a multiple of the elements of 16
// bytes.
//
//   kernel               a thread per 16 bytes of    reads                 writes
//   max_pool2d           y                           x                     y; taps unless null
//   max_pool2d_grad      dx                          taps, dy              dx
//   average_pool2d       y                           x                     y
//   average_pool2d_grad  dx                          dy                    dx
//
// grid (ceil(threads / 256)), block 256. A thread has the same window for all of its channels, and
// neighbours have neighbouring channels: every access is 16 bytes, and coalesced. Results are those of
// pool2d.cu, to the bit: the order of comparisons and additions is the same.
// Forward and gradients move N C (H W + P Q) elements, and those of a maximum N C P Q taps; a comparison or
// addition per element of each window. NaN is the largest.
//
// nvcc-check: -DTARN_BF16=0 -DTARN_TAP_BYTES=1
// nvcc-check: -DTARN_BF16=1 -DTARN_TAP_BYTES=1
// nvcc-check: -DTARN_BF16=1 -DTARN_TAP_BYTES=4
#include "element.cuh"
#include "pool2d.cuh"

namespace tarn {

// What a thread makes: channels from channel on, of pixel (row, column) of image.
struct Spot {
  unsigned int image, channel;
  int row, column;

  __device__ __forceinline__ Spot(unsigned int at, unsigned int channels, unsigned int rows,
                                  unsigned int columns) {
    const unsigned int chunks = channels / kTogether, pixel = at / chunks;
    const unsigned int plane = rows * columns, in_plane = pixel % plane;
    channel = (at - pixel * chunks) * kTogether;
    image = pixel / plane;
    row = (int)(in_plane / columns);
    column = (int)(in_plane % columns);
  }
};

// An image, from a channel on.
template <class T>
__device__ __forceinline__ T *channels_of(T *p, const Spot &spot, unsigned int plane,
                                          unsigned int channels) {
  return p + (unsigned long long)spot.image * plane * channels + spot.channel;
}

__device__ __forceinline__ Elements load(const Element *p) {
  return *reinterpret_cast<const Elements *>(p);
}

struct __align__(sizeof(Tap) * kTogether) Taps {
  Tap v[kTogether];
};

// The largest of each channel, and where it is in the window.
__device__ __forceinline__ void largest(const Window &w, const Element *x, unsigned int channels,
                                        const Spot &spot, float (&best)[kTogether], Taps &taps) {
  const int first = w.first_column(spot.column), last = w.last_column(spot.column);
  const int first_row = w.first_row(spot.row), last_row = w.last_row(spot.row);
  for (int h = first_row; h < last_row; h++) {
    for (int column = first; column < last; column++) {
      const Elements v = load(x + (unsigned long long)(h * w.width + column) * channels);
      const bool begin = h == first_row && column == first;
      const Tap tap = w.tap(spot.row, spot.column, h, column);
#pragma unroll
      for (unsigned int k = 0; k < kTogether; k++) {
        const float value = to_float(v.v[k]);
        // Not "greater": that is false for a NaN, which must win over a number.
        if (begin || (!(value <= best[k]) && best[k] == best[k])) {
          best[k] = value;
          taps.v[k] = tap;
        }
      }
    }
  }
}

__device__ __forceinline__ void store_all(Element *p, const float (&v)[kTogether]) {
  Elements result;
#pragma unroll
  for (unsigned int k = 0; k < kTogether; k++) result.v[k] = element(v[k]);
  *reinterpret_cast<Elements *>(p) = result;
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    max_pool2d(const tarn::Element *x, tarn::Element *y, tarn::Tap *taps, TARN_WINDOW,
               unsigned int channels) {
  TARN_USE_WINDOW
  const tarn::Spot spot(at, channels, rows, columns);
  float best[tarn::kTogether];
  tarn::Taps found;
  tarn::largest(window, tarn::channels_of(x, spot, height * width, channels), channels, spot, best,
                found);
  tarn::store_all(y + (unsigned long long)at * tarn::kTogether, best);
  if (taps != nullptr) reinterpret_cast<tarn::Taps *>(taps)[at] = found;
}

extern "C" __global__ void __launch_bounds__(256)
    max_pool2d_grad(const tarn::Tap *taps, const tarn::Element *dy, tarn::Element *dx, TARN_WINDOW,
                    unsigned int channels) {
  TARN_USE_WINDOW
  const tarn::Spot spot(at, channels, height, width);
  const tarn::Tap *found = tarn::channels_of(taps, spot, rows * columns, channels);
  const tarn::Element *gradients = tarn::channels_of(dy, spot, rows * columns, channels);
  const int last_p = window.last_window(spot.row, stride_h, top, rows);
  const int first_q = window.first_window(spot.column, kernel_w, stride_w, left);
  const int last_q = window.last_window(spot.column, stride_w, left, columns);
  float sums[tarn::kTogether] = {};
  for (int p = window.first_window(spot.row, kernel_h, stride_h, top); p < last_p; p++) {
    for (int q = first_q; q < last_q; q++) {
      const unsigned long long from = (unsigned long long)(p * columns + q) * channels;
      const tarn::Elements d = tarn::load(gradients + from);
      const tarn::Taps t = *reinterpret_cast<const tarn::Taps *>(found + from);
      const tarn::Tap own = window.tap(p, q, spot.row, spot.column);
#pragma unroll
      for (unsigned int k = 0; k < tarn::kTogether; k++) {
        if (t.v[k] == own) sums[k] += tarn::to_float(d.v[k]);
      }
    }
  }
  tarn::store_all(dx + (unsigned long long)at * tarn::kTogether, sums);
}

extern "C" __global__ void __launch_bounds__(256)
    average_pool2d(const tarn::Element *x, tarn::Element *y, TARN_WINDOW, unsigned int include_pad,
                   unsigned int channels) {
  TARN_USE_WINDOW
  const tarn::Spot spot(at, channels, rows, columns);
  const tarn::Element *values = tarn::channels_of(x, spot, height * width, channels);
  const int first = window.first_column(spot.column), last = window.last_column(spot.column);
  float sums[tarn::kTogether] = {};
  for (int h = window.first_row(spot.row); h < window.last_row(spot.row); h++) {
    float line[tarn::kTogether] = {};
    for (int w = first; w < last; w++) {
      const tarn::Elements v = tarn::load(values + (unsigned long long)(h * width + w) * channels);
#pragma unroll
      for (unsigned int k = 0; k < tarn::kTogether; k++) line[k] += tarn::to_float(v.v[k]);
    }
#pragma unroll
    for (unsigned int k = 0; k < tarn::kTogether; k++) sums[k] += line[k];
  }
  const float divisor = window.divisor(spot.row, spot.column, include_pad != 0);
#pragma unroll
  for (unsigned int k = 0; k < tarn::kTogether; k++) sums[k] /= divisor;
  tarn::store_all(y + (unsigned long long)at * tarn::kTogether, sums);
}

extern "C" __global__ void __launch_bounds__(256)
    average_pool2d_grad(const tarn::Element *dy, tarn::Element *dx, TARN_WINDOW,
                        unsigned int include_pad, unsigned int channels) {
  TARN_USE_WINDOW
  const tarn::Spot spot(at, channels, height, width);
  const tarn::Element *gradients = tarn::channels_of(dy, spot, rows * columns, channels);
  const int last_p = window.last_window(spot.row, stride_h, top, rows);
  const int first_q = window.first_window(spot.column, kernel_w, stride_w, left);
  const int last_q = window.last_window(spot.column, stride_w, left, columns);
  float sums[tarn::kTogether] = {};
  for (int p = window.first_window(spot.row, kernel_h, stride_h, top); p < last_p; p++) {
    for (int q = first_q; q < last_q; q++) {
      const float divisor = window.divisor(p, q, include_pad != 0);
      const tarn::Elements d =
          tarn::load(gradients + (unsigned long long)(p * columns + q) * channels);
#pragma unroll
      for (unsigned int k = 0; k < tarn::kTogether; k++) sums[k] += tarn::to_float(d.v[k]) / divisor;
    }
  }
  tarn::store_all(dx + (unsigned long long)at * tarn::kTogether, sums);
}
