package dev.tarn.cpu;

/**
 * Exponential functions over tiles, within 2 ulp of the exact value, the same bits everywhere.
 *
 * <p>Largest errors seen: {@code exp} 0.92 ulp, {@code log} 0.80, {@code tanh} 1.25, {@code
 * sigmoid} 1.72.
 *
 * <p>{@code Math.exp} costs 14 ns and may give other bits once it is compiled; {@code StrictMath}
 * is slower still. These use only additions, multiplications, divisions and integer operations,
 * which Java defines to the bit, in loops that C2 makes vector code of. The range reductions and
 * the polynomials for {@code log} and {@code tanh} are those of the Cephes library (S. L. Moshier),
 * single precision.
 */
final class TileMath {
  /** 1.5 * 2^23: adding it leaves the sum's whole part in the low bits of the float. */
  static final float ROUND = 12582912f;

  static final int ROUND_BITS = 0x4b400000;
  private static final int SQRT_HALF = 0x3f3504f3;
  private static final int INFINITY = 0x7f800000;
  static final float LOG2_E = 1.44269504f;

  /** ln 2 in two parts; products of the first with a small whole number are exact. */
  static final float LN2_HIGH = 0.693359375f;

  static final float LN2_LOW = -2.12194440e-4f;

  private TileMath() {}

  /** {@code e^x}; may overflow to infinity and underflow through denormals to 0. */
  static void exp(float[] x, float[] out, Workspace w, int n) {
    float[] t = w.f0;
    float[] r = w.f1;
    // Many short loops: C2 leaves the body of a long one as it is.
    for (int i = 0; i < n; i++) {
      r[i] = Math.max(Math.min(x[i], 90f), -105f);
    }
    for (int i = 0; i < n; i++) {
      t[i] = r[i] * LOG2_E + ROUND;
    }
    for (int i = 0; i < n; i++) {
      float k = t[i] - ROUND;
      r[i] = (r[i] - k * LN2_HIGH) - k * LN2_LOW;
    }
    expOfReduced(out, w, n);
  }

  /**
   * {@code 2^k e^r}.
   *
   * @param out receives the results
   * @param w holds {@code k + ROUND} in {@code f0}, k from -160 to 140, and {@code r} in {@code
   *     f1}, at most ln(2)/2 in magnitude
   */
  static void expOfReduced(float[] out, Workspace w, int n) {
    float[] t = w.f0;
    float[] r = w.f1;
    float[] p = w.f2;
    for (int i = 0; i < n; i++) {
      float high = (1.9875691500e-4f * r[i] + 1.3981999507e-3f) * r[i] + 8.3334519073e-3f;
      p[i] = high * r[i] + 4.1665795894e-2f;
    }
    for (int i = 0; i < n; i++) {
      float low = (p[i] * r[i] + 1.6666665459e-1f) * r[i] + 5.0000001201e-1f;
      p[i] = (low * (r[i] * r[i]) + r[i]) + 1f;
    }
    // 2^k as a product of two, for k reaches beyond the exponents of normal numbers.
    w.toInts(t, w.i0, n);
    powers(w.i0, w.i1, n);
    w.toFloats(w.i0, t, n);
    w.toFloats(w.i1, r, n);
    scale(p, t, r, out, n);
  }

  private static void powers(int[] k, int[] second, int n) {
    for (int i = 0; i < n; i++) {
      int whole = k[i] - ROUND_BITS;
      second[i] = (whole - (whole >> 1) + 127) << 23;
    }
    for (int i = 0; i < n; i++) {
      k[i] = (((k[i] - ROUND_BITS) >> 1) + 127) << 23;
    }
  }

  private static void scale(float[] y, float[] first, float[] second, float[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = y[i] * first[i] * second[i];
    }
  }

  /** The natural logarithm's bits: -infinity for 0, NaN below 0. */
  static void log(float[] x, int[] out, Workspace w, int n) {
    float[] e = w.f0;
    float[] m = w.f1;
    int[] bits = w.i0;
    int[] wide = w.i1;
    w.toInts(x, bits, n);
    for (int i = 0; i < n; i++) {
      e[i] = x[i] * 8388608f;
    }
    w.toInts(e, wide, n);
    splitForLog(bits, wide, out, n);
    w.toFloats(wide, e, n);
    w.toFloats(out, m, n);
    float[] p = w.f2;
    for (int i = 0; i < n; i++) {
      float f = m[i] - 1f;
      p[i] = (7.0376836292e-2f * f - 1.1514610310e-1f) * f + 1.1676998740e-1f;
    }
    for (int i = 0; i < n; i++) {
      float f = m[i] - 1f;
      p[i] = ((p[i] * f - 1.2420140846e-1f) * f + 1.4249322787e-1f) * f - 1.6668057665e-1f;
    }
    for (int i = 0; i < n; i++) {
      float f = m[i] - 1f;
      p[i] = ((p[i] * f + 2.0000714765e-1f) * f - 2.4999993993e-1f) * f + 3.3333331174e-1f;
    }
    for (int i = 0; i < n; i++) {
      float f = m[i] - 1f;
      p[i] = p[i] * f * (f * f) - 0.5f * (f * f);
    }
    for (int i = 0; i < n; i++) {
      float k = e[i] - ROUND;
      m[i] = ((m[i] - 1f) + (p[i] + k * LN2_LOW)) + k * LN2_HIGH;
    }
    w.toInts(m, out, n);
    specialLogs(bits, out, n);
  }

  /**
   * Splits into a mantissa in [sqrt(1/2), sqrt(2)) and an exponent.
   *
   * @param bits the numbers
   * @param wide the numbers times 2^23, which are normal; receives the exponents as floats' bits
   * @param mantissa receives the mantissas' bits
   */
  static void splitForLog(int[] bits, int[] wide, int[] mantissa, int n) {
    for (int i = 0; i < n; i++) {
      int denormal = (bits[i] - 0x00800000) >> 31;
      mantissa[i] = (bits[i] & ~denormal) | (wide[i] & denormal);
    }
    for (int i = 0; i < n; i++) {
      int denormal = (bits[i] - 0x00800000) >> 31;
      wide[i] = ROUND_BITS + ((mantissa[i] - SQRT_HALF) >> 23) - (denormal & 23);
    }
    for (int i = 0; i < n; i++) {
      mantissa[i] = mantissa[i] - (((mantissa[i] - SQRT_HALF) >> 23) << 23);
    }
  }

  private static void specialLogs(int[] bits, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      int zero = TileKernels.zeroMask(bits[i] & 0x7fffffff);
      int infinite = TileKernels.zeroMask(bits[i] ^ INFINITY);
      out[i] = (out[i] & ~(zero | infinite)) | (zero & 0xff800000) | (infinite & INFINITY);
    }
    for (int i = 0; i < n; i++) {
      int zero = TileKernels.zeroMask(bits[i] & 0x7fffffff);
      int nan = ((INFINITY - (bits[i] & 0x7fffffff)) >> 31) | ((bits[i] >> 31) & ~zero);
      out[i] = (out[i] & ~nan) | (nan & 0x7fc00000);
    }
  }

  /** The hyperbolic tangent's bits. */
  static void tanh(float[] x, int[] out, Workspace w, int n) {
    float[] near = w.f3;
    int[] sign = w.i0;
    for (int i = 0; i < n; i++) {
      near[i] = 2f * Math.abs(x[i]);
    }
    exp(near, near, w, n);
    float[] far = w.f0;
    for (int i = 0; i < n; i++) {
      far[i] = 1f - 2f / (near[i] + 1f);
    }
    for (int i = 0; i < n; i++) {
      float z = x[i] * x[i];
      float p = -5.70498872745e-3f * z + 2.06390887954e-2f;
      p = p * z - 5.37397155531e-2f;
      p = p * z + 1.33314422036e-1f;
      p = p * z - 3.33332819422e-1f;
      near[i] = p * z * x[i] + x[i];
    }
    w.toInts(x, sign, n);
    w.toInts(far, w.i1, n);
    w.toInts(near, out, n);
    chooseTanh(sign, w.i1, out, n);
  }

  /** The polynomial below 0.625 in magnitude, the exponential above, with the operand's sign. */
  private static void chooseTanh(int[] x, int[] far, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      int small = ((x[i] & 0x7fffffff) - 0x3f200000) >> 31;
      int magnitude = ((out[i] & small) | (far[i] & ~small)) & 0x7fffffff;
      out[i] = magnitude | (x[i] & 0x80000000);
    }
  }

  /** {@code 1 / (1 + e^-x)}, computed as {@code e^x / (1 + e^x)} below 0. */
  static void sigmoid(float[] x, float[] out, Workspace w, int n) {
    float[] e = w.f3;
    for (int i = 0; i < n; i++) {
      e[i] = -Math.abs(x[i]);
    }
    w.toInts(x, w.sign, n);
    exp(e, e, w, n);
    w.toInts(e, w.i0, n);
    chooseNumerator(w.sign, w.i0, n);
    w.toFloats(w.i0, w.f0, n);
    float[] numerator = w.f0;
    for (int i = 0; i < n; i++) {
      numerator[i] = numerator[i] / (1f + e[i]);
    }
    // What 1 + e lost in rounding, divided by it to a few bits.
    for (int i = 0; i < n; i++) {
      float sum = 1f + e[i];
      float lost = e[i] - (sum - 1f);
      out[i] = numerator[i] - numerator[i] * (lost * (1.457f - 0.5f * sum));
    }
  }

  private static void chooseNumerator(int[] x, int[] e, int n) {
    for (int i = 0; i < n; i++) {
      int negative = x[i] >> 31;
      e[i] = (e[i] & negative) | (0x3f800000 & ~negative);
    }
  }
}
