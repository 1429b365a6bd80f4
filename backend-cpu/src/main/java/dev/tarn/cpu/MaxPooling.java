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
 * <p>An image is {@code [H, W, lanes]}; the lanes of a pixel have the same windows. A row is worked
 * on with its padding, and as if a window began at each pixel: that needs no moving of pixels, and
 * strides are mostly small. Only the windows that there are give a result or have a gradient.
 */
final class MaxPooling {
  /** Below the key of every element: what padding counts as. */
  private static final int NOTHING = Integer.MIN_VALUE;

  /** The arrays of one thread, each of at least a row. */
  static final class Scratch {
    private int[][] rows = new int[0][0];
    private int[][] dx = new int[0][0];
    private float[][] sums = new float[0][0];
    private int[] tallest = new int[0];
    private int[] largest = new int[0];
    private int[] pooled = new int[0];
    private int[] dy = new int[0];
    private int[] shifted = new int[0];
    private int[] hits = new int[0];
    private float[] floats = new float[0];

    private void reserve(int kernelRows, int height, int row) {
      int width = Math.max(row, tallest.length);
      if (width > tallest.length) {
        tallest = new int[width];
        largest = new int[width];
        pooled = new int[width];
        dy = new int[width];
        shifted = new int[width];
        hits = new int[width];
        floats = new float[width];
      }
      if (rows.length < kernelRows || rows[0].length < width) {
        rows = new int[Math.max(kernelRows, rows.length)][width];
      }
      if (dx.length < height || dx[0].length < width) {
        dx = new int[Math.max(height, dx.length)][width];
        sums = new float[dx.length][width];
      }
    }
  }

  private final PoolWindow window;
  private final int height;
  private final int lanes;
  private final int pooledRows;
  private final int columns;

  /** Elements of a row of the image, before it, and of the row with its padding. */
  private final int row;

  private final int before;
  private final int paddedRow;

  /** Elements at which windows may begin. */
  private final int begins;

  private final boolean overlap;

  MaxPooling(PoolWindow window, int height, int width, int rows, int columns, int lanes) {
    this.window = window;
    this.height = height;
    this.lanes = lanes;
    this.pooledRows = rows;
    this.columns = columns;
    this.row = width * lanes;
    this.before = window.padLeft() * lanes;
    int last = (columns - 1) * window.strideW();
    this.begins = (last + 1) * lanes;
    this.paddedRow = Math.max(before + row, (last + window.kernelW()) * lanes);
    this.overlap = window.kernelW() > window.strideW() || window.kernelH() > window.strideH();
  }

  /** Pools the image that begins at {@code at} into the one that begins at {@code to}. */
  void forward(View x, long at, View y, long to, Workspace w) {
    Scratch s = w.pooling;
    s.reserve(window.kernelH(), height, paddedRow);
    int step = window.strideW() * lanes;
    int pooledRow = columns * lanes;
    for (int p = 0; p < pooledRows; p++) {
      largest(x, at, p, s);
      for (int q = 0; q < columns; q++) {
        if (lanes == 1) {
          s.pooled[q] = s.largest[q * step];
        } else {
          System.arraycopy(s.largest, q * step, s.pooled, q * lanes, lanes);
        }
      }
      values(s.pooled, pooledRow);
      y.put(to + (long) p * pooledRow, s.pooled, 0, pooledRow);
    }
  }

  /**
   * The gradient by the image that begins at {@code at}: each element of {@code dy} goes to the
   * first largest element of its window.
   */
  void backward(View x, long at, View dy, long from, View dx, Workspace w) {
    Scratch s = w.pooling;
    s.reserve(window.kernelH(), height, paddedRow);
    for (int r = 0; r < height; r++) {
      if (overlap) {
        Arrays.fill(s.sums[r], 0, paddedRow, 0f);
      } else {
        Arrays.fill(s.dx[r], 0, paddedRow, 0);
      }
    }
    Arrays.fill(s.dy, 0, begins, 0);
    int step = window.strideW() * lanes;
    int pooledRow = columns * lanes;
    for (int p = 0; p < pooledRows; p++) {
      largest(x, at, p, s);
      dy.get(from + (long) p * pooledRow, s.pooled, 0, pooledRow);
      for (int q = 0; q < columns; q++) {
        if (lanes == 1) {
          s.dy[q * step] = s.pooled[q];
        } else {
          System.arraycopy(s.pooled, q * lanes, s.dy, q * step, lanes);
        }
      }
      int first = window.firstRow(p);
      int count = window.lastRow(p, height) - first;
      for (int i = 0; i < count; i++) {
        for (int j = 0; j < window.kernelW(); j++) {
          give(s.rows[i], first + i, j * lanes, s, w);
        }
      }
    }
    for (int r = 0; r < height; r++) {
      if (overlap) {
        dx.put(at + (long) r * row, s.sums[r], before, row);
      } else {
        dx.put(at + (long) r * row, s.dx[r], before, row);
      }
    }
  }

  /** The keys of the rows of a row of windows, and the largest of each window. */
  private void largest(View x, long at, int p, Scratch s) {
    int first = window.firstRow(p);
    int count = window.lastRow(p, height) - first;
    for (int i = 0; i < count; i++) {
      int[] keys = s.rows[i];
      x.get(at + (long) (first + i) * row, keys, before, row);
      keys(keys, before + row);
      Arrays.fill(keys, 0, before, NOTHING);
      Arrays.fill(keys, before + row, paddedRow, NOTHING);
    }
    System.arraycopy(s.rows[0], 0, s.tallest, 0, paddedRow);
    for (int i = 1; i < count; i++) {
      larger(s.tallest, s.rows[i], paddedRow);
    }
    System.arraycopy(s.tallest, 0, s.largest, 0, begins);
    for (int j = 1; j < window.kernelW(); j++) {
      System.arraycopy(s.tallest, j * lanes, s.shifted, 0, begins);
      larger(s.largest, s.shifted, begins);
    }
  }

  /**
   * Gives the elements at one place of each window what is left of dy if they are the largest.
   *
   * @param keys the row of those elements
   * @param r the number of that row
   * @param offset the place in the window
   */
  private void give(int[] keys, int r, int offset, Scratch s, Workspace w) {
    System.arraycopy(keys, offset, s.shifted, 0, begins);
    take(s.shifted, s.largest, s.dy, begins);
    if (overlap) {
      w.toFloats(s.shifted, s.floats, begins);
      System.arraycopy(s.floats, 0, s.floats, offset, begins);
      Arrays.fill(s.floats, 0, offset, 0f);
      add(s.sums[r], s.floats, offset + begins);
    } else {
      System.arraycopy(s.shifted, 0, s.hits, offset, begins);
      Arrays.fill(s.hits, 0, offset, 0);
      or(s.dx[r], s.hits, offset + begins);
    }
  }

  // What follows has one index per loop: with an offset in one of them C2 makes no vector code.

  /** Replaces the bits of floats by their keys. */
  private static void keys(int[] x, int n) {
    for (int i = 0; i < n; i++) {
      int bits = x[i];
      int ordered = bits ^ ((bits >> 31) & 0x7fffffff);
      int other = ~ordered;
      int notMinusZero = (other | -other) >>> 31;
      int nan = (0x7f800000 - (bits & 0x7fffffff)) >> 31;
      x[i] = ((ordered + 1 - notMinusZero) & ~nan) | (0x7fffffff & nan);
    }
  }

  /** Replaces keys by the bits of the floats that have them. */
  private static void values(int[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] ^= (x[i] >> 31) & 0x7fffffff;
    }
  }

  /** {@code x = max(x, y)}; C2 makes no vector code of {@link Math#max} of integers. */
  private static void larger(int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      int difference = x[i] ^ y[i];
      int less = ((x[i] & ~y[i]) | (~difference & (x[i] - y[i]))) >> 31;
      x[i] ^= difference & less;
    }
  }

  /** Replaces keys by what is taken from {@code dy}: all if the key is the largest, or nothing. */
  private static void take(int[] keys, int[] largest, int[] dy, int n) {
    for (int i = 0; i < n; i++) {
      int difference = keys[i] ^ largest[i];
      int other = (difference | -difference) >> 31;
      keys[i] = dy[i] & ~other;
      dy[i] &= other;
    }
  }

  private static void or(int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] |= y[i];
    }
  }

  private static void add(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] += y[i];
    }
  }
}
