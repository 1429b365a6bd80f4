package dev.tarn.cpu;

/**
 * The power {@code |a|^b = 2^(b log2 |a|)} over tiles, within 2 ulp (largest error seen: 0.95), the
 * same bits everywhere.
 *
 * <p>The product in the exponent may reach 150 and needs 24 bits behind the point, so logarithm and
 * product are computed in double. All that is special about signs, zeros, infinities and NaN is
 * done on the bits afterwards.
 */
final class TilePower {
  private static final int INFINITY = 0x7f800000;
  private static final int NAN = 0x7fc00000;
  private static final int MAGNITUDE = 0x7fffffff;
  private static final int SIGN = 0x80000000;
  private static final int ONE = 0x3f800000;

  /** 1.5 * 2^52: adding it rounds to a whole number. */
  private static final double ROUND = 6755399441055744.0;

  /** Adding this to a smaller positive float rounds to a whole number; all larger ones are even. */
  private static final float WHOLE = 8388608f;

  private static final double LN2 = 0.6931471805599453;

  /** {@code 2 / ln 2}, the factor of the series of log2 in {@code s = (m - 1) / (m + 1)}. */
  private static final double C = 2.8853900817779268;

  private TilePower() {}

  /** The bits of {@code a^b}. */
  static void pow(float[] a, float[] b, int[] out, Workspace w, int n) {
    w.toInts(a, w.sign, n);
    log2(a, w, out, n);
    double[] p = w.d0;
    for (int i = 0; i < n; i++) {
      p[i] *= Math.max(Math.min(b[i], Float.MAX_VALUE), -Float.MAX_VALUE);
    }
    for (int i = 0; i < n; i++) {
      p[i] = Math.max(Math.min(p[i], 140), -160);
    }
    double[] k = w.d1;
    for (int i = 0; i < n; i++) {
      k[i] = (p[i] + ROUND) - ROUND;
    }
    for (int i = 0; i < n; i++) {
      p[i] = (p[i] - k[i]) * LN2;
    }
    for (int i = 0; i < n; i++) {
      w.f0[i] = (float) k[i] + TileMath.ROUND;
    }
    for (int i = 0; i < n; i++) {
      w.f1[i] = (float) p[i];
    }
    TileMath.expOfReduced(w.f3, w, n);
    w.toInts(w.f3, out, n);
    parity(b, w, n);
    w.toInts(b, w.i0, n);
    specialPowers(w.sign, w.i0, w.i1, out, n);
  }

  /** Fills {@code d0} with the logarithms to base 2 of {@code |a|}, finite whatever a is. */
  private static void log2(float[] a, Workspace w, int[] mantissa, int n) {
    for (int i = 0; i < n; i++) {
      w.i0[i] = w.sign[i] & MAGNITUDE;
    }
    for (int i = 0; i < n; i++) {
      w.f0[i] = Math.abs(a[i]) * 8388608f;
    }
    w.toInts(w.f0, w.i1, n);
    TileMath.splitForLog(w.i0, w.i1, mantissa, n);
    w.toFloats(w.i1, w.f0, n);
    w.toFloats(mantissa, w.f1, n);
    double[] s = w.d0;
    double[] y = w.d1;
    for (int i = 0; i < n; i++) {
      s[i] = w.f1[i];
    }
    for (int i = 0; i < n; i++) {
      s[i] = (s[i] - 1) / (s[i] + 1);
    }
    for (int i = 0; i < n; i++) {
      double z = s[i] * s[i];
      y[i] = ((C / 13 * z + C / 11) * z + C / 9) * z + C / 7;
    }
    for (int i = 0; i < n; i++) {
      double z = s[i] * s[i];
      y[i] = ((y[i] * z + C / 5) * z + C / 3) * z + C;
    }
    for (int i = 0; i < n; i++) {
      s[i] *= y[i];
    }
    for (int i = 0; i < n; i++) {
      s[i] += w.f0[i] - TileMath.ROUND;
    }
  }

  /** Fills {@code i1}: bit 0 is set if b is an odd whole number, bit 1 if it is not whole. */
  private static void parity(float[] b, Workspace w, int n) {
    for (int i = 0; i < n; i++) {
      float t = Math.min(Math.abs(b[i]), WHOLE);
      w.f0[i] = ((t + WHOLE) - WHOLE) - t;
    }
    for (int i = 0; i < n; i++) {
      float half = Math.min(0.5f * Math.abs(b[i]), WHOLE);
      w.f1[i] = ((half + WHOLE) - WHOLE) - half;
    }
    w.toInts(w.f0, w.i0, n);
    w.toInts(w.f1, w.i1, n);
    for (int i = 0; i < n; i++) {
      int whole = TileKernels.zeroMask(w.i0[i] & MAGNITUDE);
      int even = TileKernels.zeroMask(w.i1[i] & MAGNITUDE);
      w.i1[i] = (whole & ~even & 1) | (~whole & 2);
    }
  }

  /**
   * Puts in what IEEE 754 says of signs, zeros, infinities and NaN.
   *
   * @param a bits of the bases
   * @param b bits of the exponents
   * @param parity of the exponents, see above
   * @param out holds the bits of {@code |a|^b} for ordinary numbers
   */
  private static void specialPowers(int[] a, int[] b, int[] parity, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      int zero = TileKernels.zeroMask(a[i] & MAGNITUDE);
      int infinite = TileKernels.zeroMask((a[i] & MAGNITUDE) ^ INFINITY);
      int special = zero | infinite;
      out[i] = (out[i] & ~special) | (special & INFINITY & (infinite ^ (b[i] >> 31)));
    }
    for (int i = 0; i < n; i++) {
      out[i] |= a[i] & (parity[i] << 31);
    }
    for (int i = 0; i < n; i++) {
      int magnitude = a[i] & MAGNITUDE;
      int finite = ((magnitude - INFINITY) >> 31) & ~TileKernels.zeroMask(magnitude);
      int nan = (a[i] >> 31) & finite & -(parity[i] >> 1);
      out[i] = (out[i] & ~nan) | (nan & NAN);
    }
    for (int i = 0; i < n; i++) {
      int nan = ((INFINITY - (a[i] & MAGNITUDE)) | (INFINITY - (b[i] & MAGNITUDE))) >> 31;
      out[i] = (out[i] & ~nan) | (nan & NAN);
    }
    for (int i = 0; i < n; i++) {
      int one = TileKernels.zeroMask(b[i] & MAGNITUDE) | TileKernels.zeroMask(a[i] ^ ONE);
      out[i] = (out[i] & ~one) | (one & ONE);
    }
  }
}
