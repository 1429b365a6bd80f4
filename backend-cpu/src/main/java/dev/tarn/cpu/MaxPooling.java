package dev.tarn.cpu;

import dev.tarn.PoolWindow;
import java.util.Arrays;

/**
 * Max pooling of one image, or its gradient, in loops over integers that C2 turns into vector code.
 *
 * <p>Elements become keys: integers in the order of the floats, with one key for both zeros and one
 * above infinity for every NaN. So the first of the largest keys of a window is the element that
 * the rule of the operation picks, and no loop has a branch.
 *
 * <p>An image is {@code [H, W, lanes]}; the lanes of a pixel have the same windows.
 */
final class MaxPooling {
  /** Below the key of every element: what padding counts as. */
  private static final int NOTHING = Integer.MIN_VALUE;

  /** The arrays of one thread. */
  static final class Scratch {
    private int[] rows = new int[0];
    private int[] tallest = new int[0];
    private int[] largest = new int[0];
    private int[] tap = new int[0];
    private int[] free = new int[0];
    private int[] dy = new int[0];

    private void reserve(int kernelRows, int row, int pooledRow) {
      if (rows.length < kernelRows * row) {
        rows = new int[kernelRows * row];
      }
      if (tallest.length < row) {
        tallest = new int[row];
      }
      if (largest.length < pooledRow) {
        largest = new int[pooledRow];
        tap = new int[pooledRow];
        free = new int[pooledRow];
        dy = new int[pooledRow];
      }
    }
  }

  private final PoolWindow window;
  private final int height;
  private final int width;
  private final int lanes;
  private final int row;
  private final int pooledRow;
  private final int pooledRows;

  /** The first window that has each column of the kernel inside the image, and the one after. */
  private final int[] firstWindow;

  private final int[] lastWindow;

  MaxPooling(PoolWindow window, int height, int width, int rows, int columns, int lanes) {
    this.window = window;
    this.height = height;
    this.width = width;
    this.lanes = lanes;
    this.row = width * lanes;
    this.pooledRow = columns * lanes;
    this.pooledRows = rows;
    firstWindow = new int[window.kernelW()];
    lastWindow = new int[window.kernelW()];
    for (int j = 0; j < window.kernelW(); j++) {
      int q = 0;
      while (q < columns && column(q, j) < 0) {
        q++;
      }
      firstWindow[j] = q;
      while (q < columns && column(q, j) < width) {
        q++;
      }
      lastWindow[j] = q;
    }
  }

  private int column(int q, int j) {
    return q * window.strideW() - window.padLeft() + j;
  }

  /** Pools the image that begins at {@code at} into the one that begins at {@code to}. */
  void forward(View x, long at, View y, long to, Scratch s) {
    s.reserve(window.kernelH(), row, pooledRow);
    for (int p = 0; p < pooledRows; p++) {
      largest(x, at, p, s);
      values(s.largest, pooledRow);
      y.put(to + (long) p * pooledRow, s.largest, 0, pooledRow);
    }
  }

  /**
   * The gradient by the image that begins at {@code at}: {@code dx}, the bits of floats, gets each
   * element of {@code dy} at the first largest element of its window.
   */
  void backward(View x, long at, View dy, long from, int[] dx, Scratch s) {
    s.reserve(window.kernelH(), row, pooledRow);
    Arrays.fill(dx, 0, height * row, 0);
    for (int p = 0; p < pooledRows; p++) {
      largest(x, at, p, s);
      dy.get(from + (long) p * pooledRow, s.dy, 0, pooledRow);
      Arrays.fill(s.free, 0, pooledRow, -1);
      int first = window.firstRow(p);
      int count = window.lastRow(p, height) - first;
      for (int i = 0; i < count; i++) {
        for (int j = 0; j < window.kernelW(); j++) {
          gather(s.rows, i * row, j, s.tap);
          take(s.tap, s.largest, s.free, s.dy, pooledRow);
          scatter(s.tap, j, dx, (first + i) * row);
        }
      }
    }
  }

  /** The keys of a row of windows' rows into {@code rows}, and the largest of each window. */
  private void largest(View x, long at, int p, Scratch s) {
    int first = window.firstRow(p);
    int count = window.lastRow(p, height) - first;
    x.get(at + (long) first * row, s.rows, 0, count * row);
    keys(s.rows, count * row);
    System.arraycopy(s.rows, 0, s.tallest, 0, row);
    for (int i = 1; i < count; i++) {
      larger(s.tallest, s.rows, i * row, row);
    }
    gather(s.tallest, 0, 0, s.largest);
    for (int j = 1; j < window.kernelW(); j++) {
      gather(s.tallest, 0, j, s.tap);
      larger(s.largest, s.tap, 0, pooledRow);
    }
  }

  /** The pixels that lie under a column of the kernel, for each window of a row. */
  private void gather(int[] from, int offset, int j, int[] to) {
    int first = firstWindow[j];
    int last = lastWindow[j];
    Arrays.fill(to, 0, first * lanes, NOTHING);
    Arrays.fill(to, last * lanes, pooledRow, NOTHING);
    int step = window.strideW() * lanes;
    int at = offset + column(first, j) * lanes;
    if (window.strideW() == 1 && first < last) {
      System.arraycopy(from, at, to, first * lanes, (last - first) * lanes);
    } else if (lanes == 1) {
      for (int q = first; q < last; q++, at += step) {
        to[q] = from[at];
      }
    } else {
      for (int q = first; q < last; q++, at += step) {
        System.arraycopy(from, at, to, q * lanes, lanes);
      }
    }
  }

  /** Puts what the windows of a row give to a column of the kernel where it belongs. */
  private void scatter(int[] from, int j, int[] dx, int offset) {
    int first = firstWindow[j];
    int last = lastWindow[j];
    int step = window.strideW() * lanes;
    int at = offset + column(first, j) * lanes;
    boolean overlap = window.kernelW() > window.strideW() || window.kernelH() > window.strideH();
    for (int q = first; q < last; q++, at += step) {
      if (overlap) {
        for (int c = 0; c < lanes; c++) {
          float sum = Float.intBitsToFloat(dx[at + c]) + Float.intBitsToFloat(from[q * lanes + c]);
          dx[at + c] = Float.floatToRawIntBits(sum);
        }
      } else if (lanes == 1) {
        dx[at] = from[q];
      } else {
        System.arraycopy(from, q * lanes, dx, at, lanes);
      }
    }
  }

  /** Replaces the bits of floats by their keys. */
  private static void keys(int[] x, int n) {
    for (int i = 0; i < n; i++) {
      int bits = x[i];
      int ordered = bits ^ ((bits >> 31) & 0x7fffffff);
      int notMinusZero = ~ordered;
      notMinusZero = (notMinusZero | -notMinusZero) >>> 31;
      int nan = (0x7f800000 - (bits & 0x7fffffff)) >> 31;
      x[i] = (((ordered + 1 - notMinusZero) & ~nan) | (0x7fffffff & nan));
    }
  }

  /** Replaces keys by the bits of the floats that have them. */
  private static void values(int[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] ^= (x[i] >> 31) & 0x7fffffff;
    }
  }

  private static void larger(int[] x, int[] y, int offset, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = Math.max(x[i], y[offset + i]);
    }
  }

  /**
   * Replaces each key of {@code x} by the element of {@code dy} if it is the largest of its window
   * and no one was before, else by 0.
   */
  private static void take(int[] x, int[] largest, int[] free, int[] dy, int n) {
    for (int i = 0; i < n; i++) {
      int difference = x[i] ^ largest[i];
      int other = (difference | -difference) >> 31;
      x[i] = dy[i] & free[i] & ~other;
      free[i] &= other;
    }
  }
}
