// Largest or average element of windows, and gradients, of images whose channels lie last: x, dx Element
// (N, H, W, C); y, dy Element (N, P, Q, C); index i32 (N, P, Q, C). C is a multiple of the elements of 16
// bytes.
//
//   kernel               a thread per 16 bytes of    reads                 writes
//   max_pool2d           y                           x                     y
//   max_pool2d_index     y                           x                     index: of the first largest, in its plane
//   max_pool2d_grad      dx                          index, dy             dx
//   average_pool2d       y                           x                     y
//   average_pool2d_grad  dx                          dy                    dx
//
// grid (ceil(threads / 256)), block 256. A thread has the same window for all of its channels, and
// neighbours have neighbouring channels: every access is 16 bytes, and coalesced. Results are those of
// pool2d.cu, to the bit: the order of comparisons and additions is the same.
// Forward moves N C (H W + P Q) elements, the gradient of an average as many, that of a maximum
// N C (2 H W + 3 P Q); a comparison or addition per element of each window. NaN is the largest.
//
// nvcc-check: -DTARN_BF16=0
// nvcc-check: -DTARN_BF16=1
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

__device__ __forceinline__ void largest(const Window &w, const Element *x, unsigned int channels,
                                        const Spot &spot, float (&best)[kTogether],
                                        int (&index)[kTogether]) {
  const int first = w.first_column(spot.column), last = w.last_column(spot.column);
  const int first_row = w.first_row(spot.row), last_row = w.last_row(spot.row);
  for (int h = first_row; h < last_row; h++) {
    for (int i = h * w.width + first; i < h * w.width + last; i++) {
      const Elements v = load(x + (unsigned long long)i * channels);
      const bool begin = i == first_row * w.width + first;
#pragma unroll
      for (unsigned int k = 0; k < kTogether; k++) {
        const float value = to_float(v.v[k]);
        // Not "greater": that is false for a NaN, which must win over a number.
        if (begin || (!(value <= best[k]) && best[k] == best[k])) {
          best[k] = value;
          index[k] = i;
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
    max_pool2d(const tarn::Element *x, tarn::Element *y, TARN_WINDOW, unsigned int channels) {
  TARN_USE_WINDOW
  const tarn::Spot spot(at, channels, rows, columns);
  float best[tarn::kTogether];
  int index[tarn::kTogether];
  tarn::largest(window, tarn::channels_of(x, spot, height * width, channels), channels, spot, best,
                index);
  tarn::store_all(y + (unsigned long long)at * tarn::kTogether, best);
}

extern "C" __global__ void __launch_bounds__(256)
    max_pool2d_index(const tarn::Element *x, int *index, TARN_WINDOW, unsigned int channels) {
  TARN_USE_WINDOW
  const tarn::Spot spot(at, channels, rows, columns);
  float best[tarn::kTogether];
  int found[tarn::kTogether];
  tarn::largest(window, tarn::channels_of(x, spot, height * width, channels), channels, spot, best,
                found);
#pragma unroll
  for (unsigned int k = 0; k < tarn::kTogether; k += 4) {
    *reinterpret_cast<int4 *>(index + (unsigned long long)at * tarn::kTogether + k) =
        make_int4(found[k], found[k + 1], found[k + 2], found[k + 3]);
  }
}

extern "C" __global__ void __launch_bounds__(256)
    max_pool2d_grad(const int *index, const tarn::Element *dy, tarn::Element *dx, TARN_WINDOW,
                    unsigned int channels) {
  TARN_USE_WINDOW
  const tarn::Spot spot(at, channels, height, width);
  const int *indices = tarn::channels_of(index, spot, rows * columns, channels);
  const tarn::Element *gradients = tarn::channels_of(dy, spot, rows * columns, channels);
  const int i = spot.row * width + spot.column;
  const int last_p = window.last_window(spot.row, stride_h, top, rows);
  const int first_q = window.first_window(spot.column, kernel_w, stride_w, left);
  const int last_q = window.last_window(spot.column, stride_w, left, columns);
  float sums[tarn::kTogether] = {};
  for (int p = window.first_window(spot.row, kernel_h, stride_h, top); p < last_p; p++) {
    for (int q = first_q; q < last_q; q++) {
      const unsigned long long from = (unsigned long long)(p * columns + q) * channels;
      const tarn::Elements d = tarn::load(gradients + from);
#pragma unroll
      for (unsigned int k = 0; k < tarn::kTogether; k += 4) {
        const int4 four = *reinterpret_cast<const int4 *>(indices + from + k);
        if (four.x == i) sums[k] += tarn::to_float(d.v[k]);
        if (four.y == i) sums[k + 1] += tarn::to_float(d.v[k + 1]);
        if (four.z == i) sums[k + 2] += tarn::to_float(d.v[k + 2]);
        if (four.w == i) sums[k + 3] += tarn::to_float(d.v[k + 3]);
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
