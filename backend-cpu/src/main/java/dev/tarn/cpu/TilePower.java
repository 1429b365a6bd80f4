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
    multiply(w.d0, b, n);
    reduce(w.d0, w.d1, n);
    toFloats(w.d1, w.f0, n);
    toFloats(w.d0, w.f1, n);
    TileKernels.add(w.f0, TileMath.ROUND, w.f0, n);
    TileMath.expOfReduced(w.f3, w, n);
    w.toInts(w.f3, out, n);
    parity(b, w, n);
    w.toInts(b, w.i0, n);
    specialPowers(w.sign, w.i0, w.i1, out, n);
  }

  /** Fills {@code d0} with the logarithms to base 2 of {@code |a|}, finite whatever a is. */
  private static void log2(float[] a, Workspace w, int[] mantissa, int n) {
    TileKernels.abs(a, w.f0, n);
    w.toInts(w.f0, w.i0, n);
    TileKernels.mul(w.f0, 8388608f, w.f0, n);
    w.toInts(w.f0, w.i1, n);
    TileMath.splitForLog(w.i0, w.i1, mantissa, n);
    w.toFloats(w.i1, w.f0, n);
    w.toFloats(mantissa, w.f1, n);
    toDoubles(w.f1, w.d0, n);
    log2OfMantissa(w.d0, w.d1, n);
    TileKernels.sub(w.f0, TileMath.ROUND, w.f0, n);
    addTo(w.d0, w.f0, n);
  }

  private static void toDoubles(float[] from, double[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = from[i];
    }
  }

  private static void toFloats(double[] from, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) from[i];
    }
  }

  private static void addTo(double[] sum, float[] term, int n) {
    for (int i = 0; i < n; i++) {
      sum[i] += term[i];
    }
  }

  /** Multiplies by exponents; infinite ones become large: 0 times them is 0. */
  private static void multiply(double[] p, float[] b, int n) {
    for (int i = 0; i < n; i++) {
      p[i] *= Math.max(Math.min(b[i], Float.MAX_VALUE), -Float.MAX_VALUE);
    }
  }

  /** Splits a power of 2 into {@code 2^k e^r}; {@code p} receives r. */
  private static void reduce(double[] p, double[] k, int n) {
    for (int i = 0; i < n; i++) {
      p[i] = Math.max(Math.min(p[i], 140), -160);
    }
    for (int i = 0; i < n; i++) {
      k[i] = (p[i] + ROUND) - ROUND;
    }
    for (int i = 0; i < n; i++) {
      p[i] = (p[i] - k[i]) * LN2;
    }
  }

  /** Replaces mantissas by their logarithms; {@code y} is scratch. */
  private static void log2OfMantissa(double[] s, double[] y, int n) {
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
  }

  /** Fills {@code i1}: bit 0 is set if b is an odd whole number, bit 1 if it is not whole. */
  private static void parity(float[] b, Workspace w, int n) {
    TileKernels.abs(b, w.f0, n);
    TileKernels.mul(w.f0, 0.5f, w.f1, n);
    fraction(w.f0, n);
    fraction(w.f1, n);
    w.toInts(w.f0, w.i0, n);
    w.toInts(w.f1, w.i1, n);
    parity(w.i0, w.i1, n);
  }

  /** Replaces positive numbers by what is 0 just if they are whole. */
  private static void fraction(float[] x, int n) {
    for (int i = 0; i < n; i++) {
      float t = Math.min(x[i], WHOLE);
      x[i] = ((t + WHOLE) - WHOLE) - t;
    }
  }

  private static void parity(int[] fraction, int[] halfFraction, int n) {
    for (int i = 0; i < n; i++) {
      int whole = TileKernels.zeroMask(fraction[i] & MAGNITUDE);
      int even = TileKernels.zeroMask(halfFraction[i] & MAGNITUDE);
      halfFraction[i] = (whole & ~even & 1) | (~whole & 2);
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
