package dev.tarn;

/**
 * How a window slides over the last two axes of {@code [N, C, H, W]}.
 *
 * <p>Window {@code (p, q)} covers the input's rows {@code p * strideH - padTop} to {@code +
 * kernelH} (exclusive), and columns likewise; what lies outside the input is padding. There are
 * {@code floor((H + padTop + padBottom - kernelH) / strideH) + 1} rows of windows. With {@code
 * ceil} it is the ceiling instead, unless the last window would begin below the input: the last
 * window may then reach beyond the padding. This is the rule of PyTorch.
 *
 * @param kernelH rows of the window
 * @param kernelW columns of the window
 * @param strideH rows from one window to the next
 * @param strideW columns from one window to the next
 * @param padTop rows of padding above the input, less than {@code kernelH}
 * @param padBottom rows of padding below the input, less than {@code kernelH}
 * @param padLeft columns of padding before the input, less than {@code kernelW}
 * @param padRight columns of padding after the input, less than {@code kernelW}
 * @param ceil whether a last window that is only partly there counts
 */
public record PoolWindow(
    int kernelH,
    int kernelW,
    int strideH,
    int strideW,
    int padTop,
    int padBottom,
    int padLeft,
    int padRight,
    boolean ceil) {

  /**
   * Checks the extents; every window then has at least one element of the input.
   *
   * @throws ShapeException if a kernel or stride is not positive, or a padding is negative or not
   *     smaller than the kernel
   */
  public PoolWindow {
    if (kernelH <= 0 || kernelW <= 0 || strideH <= 0 || strideW <= 0) {
      throw new ShapeException(
          "pooling: kernel and stride must be positive, not "
              + (kernelH + "x" + kernelW + " and " + strideH + "x" + strideW));
    }
    if (Math.min(Math.min(padTop, padBottom), Math.min(padLeft, padRight)) < 0
        || Math.max(padTop, padBottom) >= kernelH
        || Math.max(padLeft, padRight) >= kernelW) {
      throw new ShapeException(
          "pooling: the padding must be at least 0 and smaller than the kernel "
              + (kernelH + "x" + kernelW + ", not ")
              + (padTop + "," + padBottom + "," + padLeft + "," + padRight));
    }
  }

  /** A square window without padding whose stride is its extent. */
  public static PoolWindow of(int kernel) {
    return of(kernel, kernel);
  }

  /** A window without padding whose strides are its extents. */
  public static PoolWindow of(int kernelH, int kernelW) {
    return new PoolWindow(kernelH, kernelW, kernelH, kernelW, 0, 0, 0, 0, false);
  }

  /** This window with another stride along both axes. */
  public PoolWindow stride(int stride) {
    return stride(stride, stride);
  }

  /** This window with other strides. */
  public PoolWindow stride(int rows, int columns) {
    return new PoolWindow(
        kernelH, kernelW, rows, columns, padTop, padBottom, padLeft, padRight, ceil);
  }

  /** This window with the same padding on all four sides. */
  public PoolWindow padding(int padding) {
    return padding(padding, padding, padding, padding);
  }

  /** This window with a padding per side. */
  public PoolWindow padding(int top, int bottom, int left, int right) {
    return new PoolWindow(kernelH, kernelW, strideH, strideW, top, bottom, left, right, ceil);
  }

  /** This window, but a last window that is only partly there counts. */
  public PoolWindow ceilMode() {
    return new PoolWindow(
        kernelH, kernelW, strideH, strideW, padTop, padBottom, padLeft, padRight, true);
  }

  /**
   * The shape {@code [N, C, P, Q]} of one result per window.
   *
   * @throws ShapeException if the input is not {@code [N, C, H, W]} or smaller than the window
   */
  public Shape over(String what, Shape input) {
    if (input.rank() != 4) {
      throw new ShapeException(what + ": needs [N,C,H,W], was given " + input);
    }
    int h = input.dim(2);
    int w = input.dim(3);
    if (h == 0
        || w == 0
        || (long) h + padTop + padBottom < kernelH
        || (long) w + padLeft + padRight < kernelW) {
      throw new ShapeException(
          what
              + (": a window of " + kernelH + "x" + kernelW + " does not fit ")
              + (input + " with padding " + padTop + "," + padBottom)
              + ("," + padLeft + "," + padRight));
    }
    return Shape.of(
        input.dim(0),
        input.dim(1),
        count(h, kernelH, strideH, padTop, padBottom),
        count(w, kernelW, strideW, padLeft, padRight));
  }

  private int count(int extent, int kernel, int stride, int before, int after) {
    int room = Math.addExact(extent, before + after) - kernel;
    int count = room / stride + 1;
    boolean partial = ceil && room % stride != 0 && (long) count * stride < (long) extent + before;
    return partial ? count + 1 : count;
  }

  /** The first row of the input in a row of windows. */
  public int firstRow(int p) {
    return Math.max(0, p * strideH - padTop);
  }

  /** The row after the last row of the input in a row of windows. */
  public int lastRow(int p, int height) {
    return Math.min(height, p * strideH - padTop + kernelH);
  }

  /** The first column of the input in a column of windows. */
  public int firstColumn(int q) {
    return Math.max(0, q * strideW - padLeft);
  }

  /** The column after the last column of the input in a column of windows. */
  public int lastColumn(int q, int width) {
    return Math.min(width, q * strideW - padLeft + kernelW);
  }

  /** The rows of a row of windows that count as elements if padding counts. */
  public int paddedRows(int p, int height) {
    int first = p * strideH - padTop;
    return Math.min(first + kernelH, height + padBottom) - first;
  }

  /** The columns of a column of windows that count as elements if padding counts. */
  public int paddedColumns(int q, int width) {
    int first = q * strideW - padLeft;
    return Math.min(first + kernelW, width + padRight) - first;
  }

  /** The window as {@code 3x3 stride 2x2 pad 1,1,1,1 ceil}. */
  @Override
  public String toString() {
    return kernelH
        + ("x" + kernelW + " stride " + strideH + "x" + strideW)
        + (" pad " + padTop + "," + padBottom + "," + padLeft + "," + padRight)
        + (ceil ? " ceil" : "");
  }
}
