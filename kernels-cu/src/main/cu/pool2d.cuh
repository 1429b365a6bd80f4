// The windows of pooling: window (p, q) covers the rows p sh - top .. + kh (exclusive), and columns
// likewise; what lies outside the input takes no part.
#pragma once

namespace tarn {

// The number of an element in its window, row by row: of -DTARN_TAP_BYTES=1, 2 or 4 bytes.
template <int kBytes>
struct TapOf {
  using Type = unsigned int;
};
template <>
struct TapOf<1> {
  using Type = unsigned char;
};
template <>
struct TapOf<2> {
  using Type = unsigned short;
};
using Tap = TapOf<TARN_TAP_BYTES>::Type;

struct Window {
  int height, width, rows, columns;  // H, W, P, Q
  int kernel_h, kernel_w, stride_h, stride_w;
  int top, bottom, left, right;

  __device__ __forceinline__ int first_row(int p) const { return max(0, p * stride_h - top); }
  __device__ __forceinline__ int last_row(int p) const {
    return min(height, p * stride_h - top + kernel_h);
  }
  __device__ __forceinline__ int first_column(int q) const { return max(0, q * stride_w - left); }
  __device__ __forceinline__ int last_column(int q) const {
    return min(width, q * stride_w - left + kernel_w);
  }

  // The number in window (p, q) of an element at (row, column).
  __device__ __forceinline__ Tap tap(int p, int q, int row, int column) const {
    return (Tap)((row - p * stride_h + top) * kernel_w + column - q * stride_w + left);
  }

  __device__ __forceinline__ float divisor(int p, int q, bool include_pad) const {
    if (!include_pad) {
      return (float)((last_row(p) - first_row(p)) * (last_column(q) - first_column(q)));
    }
    const int h = p * stride_h - top, w = q * stride_w - left;
    return (float)((min(h + kernel_h, height + bottom) - h) *
                   (min(w + kernel_w, width + right) - w));
  }

  // The windows that hold a row h are first_window .. last_window (exclusive); columns likewise.
  __device__ __forceinline__ static int first_window(int at, int kernel, int stride, int before) {
    const int room = at + before - kernel;
    return room < 0 ? 0 : room / stride + 1;
  }
  __device__ __forceinline__ static int last_window(int at, int stride, int before, int count) {
    return min(count, (at + before) / stride + 1);
  }
};

}  // namespace tarn

#define TARN_WINDOW                                                                              \
  unsigned int elements, int height, int width, int rows, int columns, int kernel_h,             \
      int kernel_w, int stride_h, int stride_w, int top, int bottom, int left, int right
#define TARN_USE_WINDOW                                                                          \
  const unsigned int at = blockIdx.x * blockDim.x + threadIdx.x;                                 \
  if (at >= elements) return;                                                                    \
  const tarn::Window window{height,   width,    rows, columns, kernel_h, kernel_w,               \
                            stride_h, stride_w, top,  bottom,  left,     right};
