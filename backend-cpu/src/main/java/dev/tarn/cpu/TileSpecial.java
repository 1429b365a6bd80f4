package dev.tarn.cpu;

/**
 * More functions over tiles, in the manner of {@link TileMath}: within 2 ulp of the exact value,
 * the same bits everywhere.
 *
 * <p>Largest errors seen: {@code erf} 1.30 ulp, {@code expm1} 1.12, {@code log1p} 1.44. The
 * polynomials of {@code erf} and {@code expm1} were fitted by iterated weighted least squares.
 */
final class TileSpecial {
  private static final int INFINITY = 0x7f800000;
  private static final int MAGNITUDE = 0x7fffffff;
  private static final int SIGN = 0x80000000;
  private static final int ONE = 0x3f800000;

  private TileSpecial() {}

  /** The bits of -1, 0 or 1 by the sign; zeros and NaN stay what they are. */
  static void sign(float[] x, int[] out, Workspace w, int n) {
    w.toInts(x, out, n);
    for (int i = 0; i < n; i++) {
      int magnitude = out[i] & MAGNITUDE;
      int stays = TileKernels.zeroMask(magnitude) | ((INFINITY - magnitude) >> 31);
      out[i] = (out[i] & (stays | SIGN)) | (ONE & ~stays);
    }
  }

  /** The bits of {@code e^x - 1}: with {@code x = k ln 2 + r} it is {@code 2^k (e^r-1) + 2^k-1}. */
  static void expm1(float[] x, int[] out, Workspace w, int n) {
    float[] t = w.f0;
    float[] r = w.f1;
    float[] p = w.f2;
    float[] lost = w.f3;
    for (int i = 0; i < n; i++) {
      r[i] = Math.max(Math.min(x[i], 88.8f), -60f);
    }
    for (int i = 0; i < n; i++) {
      t[i] = r[i] * TileMath.LOG2_E + TileMath.ROUND;
    }
    for (int i = 0; i < n; i++) {
      float k = t[i] - TileMath.ROUND;
      float high = r[i] - k * TileMath.LN2_HIGH;
      float low = k * TileMath.LN2_LOW;
      r[i] = high - low;
      lost[i] = (high - r[i]) - low;
    }
    for (int i = 0; i < n; i++) {
      float high = (1.9914546e-4f * r[i] + 1.3941277e-3f) * r[i] + 8.333272e-3f;
      p[i] = high * r[i] + 4.166635e-2f;
    }
    for (int i = 0; i < n; i++) {
      float q = (p[i] * r[i] + 1.6666667e-1f) * r[i] + 0.5f;
      p[i] = q * (r[i] * r[i]) + lost[i];
    }
    w.toInts(t, w.i0, n);
    powers(w.i0, w.i1, n);
    w.toFloats(w.i0, t, n);
    w.toFloats(w.i1, lost, n);
    combine(p, r, t, lost, n);
    w.toInts(p, out, n);
    copySign(x, out, w, n);
  }

  /** Bits of 2^k as a product of two, for 2^128 is no float. */
  private static void powers(int[] k, int[] second, int n) {
    for (int i = 0; i < n; i++) {
      int whole = k[i] - TileMath.ROUND_BITS;
      second[i] = (whole - Math.min(whole, 127) + 127) << 23;
    }
    for (int i = 0; i < n; i++) {
      k[i] = (Math.min(k[i] - TileMath.ROUND_BITS, 127) + 127) << 23;
    }
  }

  private static void combine(float[] p, float[] r, float[] first, float[] second, int n) {
    for (int i = 0; i < n; i++) {
      p[i] = (first[i] * p[i] + (first[i] * r[i] + (first[i] - 1f))) * second[i];
    }
  }

  /**
   * The bits of {@code log(1 + x)}: the logarithm of the rounded sum, and what the sum lost divided
   * by it.
   */
  static void log1p(float[] x, int[] out, Workspace w, int n) {
    float[] sum = w.f3;
    for (int i = 0; i < n; i++) {
      sum[i] = 1f + x[i];
    }
    TileMath.log(sum, out, w, n);
    lost(x, sum, w.f0, n);
    w.toInts(w.f0, w.i0, n);
    clearWhereNotFinite(out, w.i0, n);
    w.toFloats(w.i0, w.f0, n);
    w.toFloats(out, w.f1, n);
    TileKernels.add(w.f1, w.f0, w.f1, n);
    w.toInts(w.f1, out, n);
    copySign(x, out, w, n);
  }

  /** What rounding took from {@code sum = 1 + x}, divided by it. */
  private static void lost(float[] x, float[] sum, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      float part = sum[i] - 1f;
      out[i] = ((1f - (sum[i] - part)) + (x[i] - part)) / sum[i];
    }
  }

  private static void clearWhereNotFinite(int[] x, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] &= ((x[i] & MAGNITUDE) - INFINITY) >> 31;
    }
  }

  /**
   * The bits of the error function: {@code x + x P(x^2)} below 1 in magnitude, {@code 1 - e^Q(|x|)}
   * above.
   */
  static void erf(float[] x, int[] out, Workspace w, int n) {
    float[] t = w.f0;
    float[] far = w.f3;
    for (int i = 0; i < n; i++) {
      t[i] = Math.min(Math.abs(x[i]), 4f);
    }
    for (int i = 0; i < n; i++) {
      float q = (-2.1697577e-5f * t[i] + 4.4147216e-4f) * t[i] - 4.2052823e-3f;
      far[i] = (q * t[i] + 2.5210332e-2f) * t[i] - 1.08422086e-1f;
    }
    for (int i = 0; i < n; i++) {
      float q = (far[i] * t[i] - 6.332164e-1f) * t[i] - 1.1295803f;
      far[i] = q * t[i] + 1.8846647e-4f;
    }
    TileMath.exp(far, far, w, n);
    TileKernels.sub(1f, far, far, n);
    float[] near = w.f0;
    for (int i = 0; i < n; i++) {
      float z = x[i] * x[i];
      float p = (7.889123e-5f * z - 8.020842e-4f) * z + 5.1895357e-3f;
      near[i] = (p * z - 2.6854444e-2f) * z + 1.12836e-1f;
    }
    for (int i = 0; i < n; i++) {
      float z = x[i] * x[i];
      float p = (near[i] * z - 3.7612626e-1f) * z + 1.2837917e-1f;
      near[i] = p * x[i] + x[i];
    }
    w.toInts(near, out, n);
    w.toInts(far, w.i0, n);
    w.toInts(x, w.sign, n);
    chooseErf(w.sign, w.i0, out, n);
    copySign(x, out, w, n);
  }

  private static void chooseErf(int[] x, int[] far, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      int small = ((x[i] & MAGNITUDE) - ONE) >> 31;
      out[i] = (out[i] & small) | (far[i] & ~small);
    }
  }

  /** Gives results, which are their functions' magnitudes, the operands' signs. */
  private static void copySign(float[] x, int[] out, Workspace w, int n) {
    w.toInts(x, w.sign, n);
    copySign(w.sign, out, n);
  }

  private static void copySign(int[] x, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = (out[i] & MAGNITUDE) | (x[i] & SIGN);
    }
  }
}
