package dev.tarn;

/**
 * How the window of a 2-D convolution moves over an image.
 *
 * <p>Along an axis of extent {@code H} a kernel of extent {@code kH} gives {@code floor((H + padTop
 * + padBottom - dilationH (kH - 1) - 1) / strideH) + 1} positions; padding counts as zeros.
 *
 * @param strideH rows between two positions
 * @param strideW columns between two positions
 * @param dilationH rows between two elements of the kernel
 * @param dilationW columns between two elements of the kernel
 * @param padTop rows of zeros above the image
 * @param padBottom rows of zeros below the image
 * @param padLeft columns of zeros left of the image
 * @param padRight columns of zeros right of the image
 * @param groups into how many independent convolutions the channels are divided
 */
public record Window2d(
    int strideH,
    int strideW,
    int dilationH,
    int dilationW,
    int padTop,
    int padBottom,
    int padLeft,
    int padRight,
    int groups) {
  /** Stride, dilation and groups of one, no padding. */
  public static final Window2d UNIT = new Window2d(1, 1, 1, 1, 0, 0, 0, 0, 1);

  /**
   * Checks the numbers.
   *
   * @throws ShapeException if a stride, a dilation or the groups are not positive, or a padding is
   *     negative
   */
  public Window2d {
    if (Math.min(Math.min(strideH, strideW), Math.min(dilationH, dilationW)) < 1 || groups < 1) {
      throw new ShapeException("window: stride, dilation and groups must be at least 1");
    }
    if (Math.min(Math.min(padTop, padBottom), Math.min(padLeft, padRight)) < 0) {
      throw new ShapeException("window: padding must not be negative");
    }
  }

  /** This window with another stride. */
  public Window2d stride(int rows, int columns) {
    return new Window2d(
        rows, columns, dilationH, dilationW, padTop, padBottom, padLeft, padRight, groups);
  }

  /** This window with another dilation. */
  public Window2d dilation(int rows, int columns) {
    return new Window2d(
        strideH, strideW, rows, columns, padTop, padBottom, padLeft, padRight, groups);
  }

  /** This window with another padding. */
  public Window2d padding(int top, int bottom, int left, int right) {
    return new Window2d(strideH, strideW, dilationH, dilationW, top, bottom, left, right, groups);
  }

  /** This window with another number of groups. */
  public Window2d groups(int count) {
    return new Window2d(
        strideH, strideW, dilationH, dilationW, padTop, padBottom, padLeft, padRight, count);
  }

  /** The number of positions over {@code rows} rows; not positive if the kernel does not fit. */
  public int outRows(int rows, int kernelRows) {
    return positions(rows, padTop, padBottom, dilationH, kernelRows, strideH);
  }

  /** The number of positions over some columns; not positive if the kernel does not fit. */
  public int outColumns(int columns, int kernelColumns) {
    return positions(columns, padLeft, padRight, dilationW, kernelColumns, strideW);
  }

  private static int positions(
      int extent, int before, int after, int dilation, int kernel, int stride) {
    long free = (long) extent + before + after - (long) dilation * (kernel - 1) - 1;
    return (int) Math.min(Integer.MAX_VALUE, Math.floorDiv(free, stride) + 1);
  }

  /** What differs from {@link #UNIT}, for printed programs and messages. */
  public String text() {
    StringBuilder out = new StringBuilder();
    if (strideH != 1 || strideW != 1) {
      out.append(" stride=").append(strideH).append('x').append(strideW);
    }
    if (dilationH != 1 || dilationW != 1) {
      out.append(" dilation=").append(dilationH).append('x').append(dilationW);
    }
    if (padTop + padBottom + padLeft + padRight != 0) {
      out.append(" padding=").append(padTop).append(',').append(padBottom);
      out.append(',').append(padLeft).append(',').append(padRight);
    }
    if (groups != 1) {
      out.append(" groups=").append(groups);
    }
    return out.toString().strip();
  }
}
