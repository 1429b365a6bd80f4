// Largest or average element of windows, and gradients: x, dx Element (planes, H, W); y, dy Element
// (planes, P, Q); taps Tap (planes, P, Q).
//
// Window (p, q) covers the rows p sh - top .. + kh (exclusive), and columns likewise; what lies
// outside the input takes no part. An average is divided by the elements of the window inside the
// input, or with include_pad inside the input and its padding.
//
//   kernel               a thread per    reads                 writes
//   max_pool2d           element of y    x                     y; taps unless null: of the first largest
//   max_pool2d_grad      element of dx   taps, dy              dx
//   average_pool2d       element of y    x                     y
//   average_pool2d_grad  element of dx   dy                    dx
//
// grid (ceil(elements / 256)), block 256. A gradient is gathered: the windows that hold an element
// are added up in row-major order, so there are no atomics and the bits are always the same.
// Forward and gradients move planes (H W + P Q) elements, and those of a maximum planes P Q taps; a comparison
// or addition per element of each window. NaN is the largest.
//
// nvcc-check: -DTARN_BF16=0 -DTARN_TAP_BYTES=1
// nvcc-check: -DTARN_BF16=1 -DTARN_TAP_BYTES=2
#include "element.cuh"
#include "pool2d.cuh"

namespace tarn {

// The first largest element of window (p, q) of a plane; tap: where it is in the window.
__device__ __forceinline__ Element largest(const Window &w, const Element *plane, int p, int q,
                                           Tap &tap) {
  const int first = w.first_column(q), last = w.last_column(q), last_row = w.last_row(p);
  int row = w.first_row(p), column = first;
  Element best = plane[row * w.width + first];
  float value = to_float(best);
  for (int h = row; h < last_row; h++) {
    for (int i = first; i < last; i++) {
      const Element element = plane[h * w.width + i];
      const float v = to_float(element);
      // Not "greater": that is false for a NaN, which must win over a number.
      if (!(v <= value) && value == value) {
        best = element;
        value = v;
        row = h;
        column = i;
      }
    }
  }
  tap = w.tap(p, q, row, column);
  return best;
}

}  // namespace tarn

extern "C" __global__ void __launch_bounds__(256)
    max_pool2d(const tarn::Element *x, tarn::Element *y, tarn::Tap *taps, TARN_WINDOW) {
  TARN_USE_WINDOW
  const unsigned int pooled = rows * columns, plane = at / pooled, i = at - plane * pooled;
  const tarn::Element *values = x + (unsigned long long)plane * height * width;
  tarn::Tap tap;
  y[at] = tarn::largest(window, values, (int)i / columns, (int)i % columns, tap);
  if (taps != nullptr) taps[at] = tap;
}

extern "C" __global__ void __launch_bounds__(256)
    max_pool2d_grad(const tarn::Tap *taps, const tarn::Element *dy, tarn::Element *dx, TARN_WINDOW) {
  TARN_USE_WINDOW
  const unsigned int size = height * width, plane = at / size;
  const int i = (int)(at - plane * size), h = i / width, w = i % width;
  const int last_p = window.last_window(h, stride_h, top, rows);
  const int first_q = window.first_window(w, kernel_w, stride_w, left);
  const int last_q = window.last_window(w, stride_w, left, columns);
  float sum = 0.0f;
  for (int p = window.first_window(h, kernel_h, stride_h, top); p < last_p; p++) {
    for (int q = first_q; q < last_q; q++) {
      const unsigned long long j = ((unsigned long long)plane * rows + p) * columns + q;
      if (taps[j] == window.tap(p, q, h, w)) sum += tarn::to_float(dy[j]);
    }
  }
  dx[at] = tarn::element(sum);
}

extern "C" __global__ void __launch_bounds__(256)
    average_pool2d(const tarn::Element *x, tarn::Element *y, TARN_WINDOW, unsigned int include_pad) {
  TARN_USE_WINDOW
  const unsigned int pooled = rows * columns, plane = at / pooled, i = at - plane * pooled;
  const int p = (int)i / columns, q = (int)i % columns;
  const tarn::Element *values = x + (unsigned long long)plane * height * width;
  const int first = window.first_column(q), last = window.last_column(q);
  float sum = 0.0f;
  for (int h = window.first_row(p); h < window.last_row(p); h++) {
    float row = 0.0f;
    for (int w = first; w < last; w++) row += tarn::to_float(values[h * width + w]);
    sum += row;
  }
  y[at] = tarn::element(sum / window.divisor(p, q, include_pad != 0));
}

extern "C" __global__ void __launch_bounds__(256)
    average_pool2d_grad(const tarn::Element *dy, tarn::Element *dx, TARN_WINDOW, unsigned int include_pad) {
  TARN_USE_WINDOW
  const unsigned int size = height * width, plane = at / size;
  const int i = (int)(at - plane * size), h = i / width, w = i % width;
  const int last_p = window.last_window(h, stride_h, top, rows);
  const int first_q = window.first_window(w, kernel_w, stride_w, left);
  const int last_q = window.last_window(w, stride_w, left, columns);
  float sum = 0.0f;
  for (int p = window.first_window(h, kernel_h, stride_h, top); p < last_p; p++) {
    for (int q = first_q; q < last_q; q++) {
      const unsigned long long j = ((unsigned long long)plane * rows + p) * columns + q;
      sum += tarn::to_float(dy[j]) / window.divisor(p, q, include_pad != 0);
    }
  }
  dx[at] = tarn::element(sum);
}
