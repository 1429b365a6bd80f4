package dev.tarn.nn;

import dev.tarn.ShapeException;
import dev.tarn.Window2d;

/** How a convolution's layer pads: by numbers, or so that its result has the image's extents. */
record Padding2d(boolean same, int top, int bottom, int left, int right) {
  /** No padding. */
  static final Padding2d VALID = new Padding2d(false, 0, 0, 0, 0);

  /** As much as keeps the extents where the stride is one; an odd row or column goes last. */
  static final Padding2d SAME = new Padding2d(true, 0, 0, 0, 0);

  static Padding2d of(int top, int bottom, int left, int right) {
    if (Math.min(Math.min(top, bottom), Math.min(left, right)) < 0) {
      throw new ShapeException("convolution: padding must not be negative");
    }
    return new Padding2d(false, top, bottom, left, right);
  }

  /**
   * The window with this padding for an image and a kernel.
   *
   * <p>{@code same} gives {@code ceil(extent / stride)} positions along each axis.
   */
  Window2d apply(Window2d window, int[] image, int[] kernel) {
    if (!same) {
      return window.padding(top, bottom, left, right);
    }
    int rows = total(image[0], kernel[0], window.strideH(), window.dilationH());
    int columns = total(image[1], kernel[1], window.strideW(), window.dilationW());
    return window.padding(rows / 2, rows - rows / 2, columns / 2, columns - columns / 2);
  }

  private static int total(int extent, int kernel, int stride, int dilation) {
    int last = (extent - 1) / stride * stride;
    return Math.max(0, last + dilation * (kernel - 1) + 1 - extent);
  }
}
