package dev.tarn.cpu;

import java.util.Arrays;

/**
 * Loops over tiles: one operation each, one index each, no branches, so that C2 makes vector code
 * of them. The result may be an operand.
 *
 * <p>Comparisons and choices work on the bits of the numbers as integers: in Java's vector code
 * there is no comparison of floats, and a branch on random data costs ten times the rest.
 */
final class TileKernels {
  private static final int INFINITY = 0x7f800000;
  private static final int MAGNITUDE = 0x7fffffff;
  private static final int ONE = 0x3f800000;

  private TileKernels() {}

  static void add(float[] a, float[] b, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a[i] + b[i];
    }
  }

  static void add(float[] a, float b, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a[i] + b;
    }
  }

  static void sub(float[] a, float[] b, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a[i] - b[i];
    }
  }

  static void sub(float[] a, float b, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a[i] - b;
    }
  }

  static void sub(float a, float[] b, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a - b[i];
    }
  }

  static void mul(float[] a, float b, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a[i] * b;
    }
  }

  static void max(float[] a, float[] b, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = Math.max(a[i], b[i]);
    }
  }

  static void abs(float[] a, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = Math.abs(a[i]);
    }
  }

  static void floor(float[] a, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = (float) Math.floor(a[i]);
    }
  }

  static void ceil(float[] a, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = (float) Math.ceil(a[i]);
    }
  }

  static void round(float[] a, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = (float) Math.rint(a[i]);
    }
  }

  static void fill(float value, float[] out, int n) {
    Arrays.fill(out, 0, n, value);
  }

  static void fill(int value, int[] out, int n) {
    Arrays.fill(out, 0, n, value);
  }

  /** The bits of 1.0 where the float with bits {@code a} is above 0, else 0. */
  static void positive(int[] a, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      int outside = ((a[i] - 1) | (INFINITY - a[i])) >> 31;
      out[i] = ONE & ~outside;
    }
  }

  /** The bits of 1.0 where the floats with bits {@code a} and {@code b} are equal, else 0. */
  static void equal(int[] a, int[] b, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      int zeros = zeroMask((a[i] | b[i]) & MAGNITUDE);
      int same = zeroMask(a[i] ^ b[i]) & ~((INFINITY - (a[i] & MAGNITUDE)) >> 31);
      out[i] = ONE & (zeros | same);
    }
  }

  /** The bits of 1.0 where the integers are equal, else 0. */
  static void equalInts(int[] a, int[] b, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = ONE & zeroMask(a[i] ^ b[i]);
    }
  }

  /** Bits of {@code b} where the float with bits {@code a} is not 0, else of {@code c}. */
  static void select(int[] a, int[] b, int[] c, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      int zero = zeroMask(a[i] & MAGNITUDE);
      out[i] = (b[i] & ~zero) | (c[i] & zero);
    }
  }

  /** Bits of {@code b} where the float with bits {@code a} is not 0, else 0. */
  static void selectOrZero(int[] a, int[] b, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = b[i] & ~zeroMask(a[i] & MAGNITUDE);
    }
  }

  /** {@code x += y}. */
  static void addTo(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      x[i] += y[i];
    }
  }

  /** {@code x = max(x, 0)}, NaN if x is. */
  static void rectify(float[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = Math.max(x[i], 0f);
    }
  }

  /** Raises the sign bit of {@code seen[i]} if the float with bits {@code a[i]} is not finite. */
  static void noteNonFinite(int[] a, int[] seen, int n) {
    for (int i = 0; i < n; i++) {
      seen[i] |= (a[i] & INFINITY) + 0x00800000;
    }
  }

  /** Whether any element is negative, such as those that {@link #noteNonFinite} has marked. */
  static boolean anyNegative(int[] a, int n) {
    int all = 0;
    for (int i = 0; i < n; i++) {
      all |= a[i];
    }
    return all < 0;
  }

  /** All ones if {@code x} is zero, else zero. */
  static int zeroMask(int x) {
    return ~((x | -x) >> 31);
  }

  static void toInts(float[] a, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = (int) a[i];
    }
  }

  static void toFloats(int[] a, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = a[i];
    }
  }

  /** Rounds bits of floats to those of the nearest bf16; NaN stays. */
  static void roundToBf16(int[] a, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      int bits = a[i];
      int rounded = (bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000;
      out[i] = (bits & 0x7fffffff) > 0x7f800000 ? bits : rounded;
    }
  }
}
