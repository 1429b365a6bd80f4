package dev.tarn.cpu;

/**
 * Exponential functions over tiles, within 2 ulp of the exact value, the same bits everywhere.
 *
 * <p>{@code Math.exp} costs 14 ns and may give other bits once it is compiled; {@code StrictMath}
 * is slower still. These use only additions, multiplications, divisions and integer operations,
 * which Java defines to the bit, in loops that C2 makes vector code of. The range reductions and
 * the polynomials for {@code log} and {@code tanh} are those of the Cephes library (S. L. Moshier),
 * single precision.
 */
final class TileMath {
  /** 1.5 * 2^23: adding it leaves the sum's whole part in the low bits of the float. */
  private static final float ROUND = 12582912f;

  private static final int ROUND_BITS = 0x4b400000;
  private static final float LOG2_E = 1.44269504f;

  /** ln 2 in two parts; products of the first with a small whole number are exact. */
  private static final float LN2_HIGH = 0.693359375f;

  private static final float LN2_LOW = -2.12194440e-4f;

  private TileMath() {}

  /** {@code e^x}; may overflow to infinity and underflow through denormals to 0. */
  static void exp(float[] x, float[] out, Workspace w, int n) {
    float[] t = w.f0;
    float[] y = w.f1;
    for (int i = 0; i < n; i++) {
      float clamped = Math.max(Math.min(x[i], 90f), -105f);
      float rounded = clamped * LOG2_E + ROUND;
      float k = rounded - ROUND;
      float r = clamped - k * LN2_HIGH;
      r = r - k * LN2_LOW;
      float p = 1.9875691500e-4f * r + 1.3981999507e-3f;
      p = p * r + 8.3334519073e-3f;
      p = p * r + 4.1665795894e-2f;
      p = p * r + 1.6666665459e-1f;
      p = p * r + 5.0000001201e-1f;
      p = p * (r * r) + r;
      t[i] = rounded;
      y[i] = p + 1f;
    }
    // 2^k as a product of two, for k reaches beyond the exponents of normal numbers.
    w.toInts(t, w.i0, n);
    powers(w.i0, w.i1, n);
    w.toFloats(w.i0, t, n);
    w.toFloats(w.i1, w.f2, n);
    scale(y, t, w.f2, out, n);
  }

  private static void powers(int[] k, int[] second, int n) {
    for (int i = 0; i < n; i++) {
      int whole = k[i] - ROUND_BITS;
      int half = whole >> 1;
      second[i] = (whole - half + 127) << 23;
      k[i] = (half + 127) << 23;
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
    for (int i = 0; i < n; i++) {
      float k = e[i] - ROUND;
      float f = m[i] - 1f;
      float z = f * f;
      float p = 7.0376836292e-2f * f - 1.1514610310e-1f;
      p = p * f + 1.1676998740e-1f;
      p = p * f - 1.2420140846e-1f;
      p = p * f + 1.4249322787e-1f;
      p = p * f - 1.6668057665e-1f;
      p = p * f + 2.0000714765e-1f;
      p = p * f - 2.4999993993e-1f;
      p = p * f + 3.3333331174e-1f;
      float y = p * f * z + k * LN2_LOW;
      y = y - 0.5f * z;
      m[i] = (f + y) + k * LN2_HIGH;
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
  private static void splitForLog(int[] bits, int[] wide, int[] mantissa, int n) {
    for (int i = 0; i < n; i++) {
      int denormal = (bits[i] - 0x00800000) >> 31;
      int normal = (bits[i] & ~denormal) | (wide[i] & denormal);
      int exponent = (normal - 0x3f3504f3) >> 23;
      mantissa[i] = normal - (exponent << 23);
      wide[i] = ROUND_BITS + exponent - (denormal & 23);
    }
  }

  private static void specialLogs(int[] bits, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      int b = bits[i];
      int magnitude = b & 0x7fffffff;
      int zero = ~((magnitude | -magnitude) >> 31);
      int infinite = ~(((b ^ 0x7f800000) | -(b ^ 0x7f800000)) >> 31);
      int nan = ((0x7f800000 - magnitude) >> 31) | ((b >> 31) & ~zero);
      int result = out[i] & ~(zero | infinite | nan);
      out[i] = result | (zero & 0xff800000) | (infinite & 0x7f800000) | (nan & 0x7fc00000);
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

  /** The polynomial below 0.625 in magnitude, the exponential with its sign above. */
  private static void chooseTanh(int[] x, int[] far, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      int small = ((x[i] & 0x7fffffff) - 0x3f200000) >> 31;
      int signed = far[i] | (x[i] & 0x80000000);
      out[i] = (out[i] & small) | (signed & ~small);
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
      out[i] = numerator[i] / (1f + e[i]);
    }
  }

  private static void chooseNumerator(int[] x, int[] e, int n) {
    for (int i = 0; i < n; i++) {
      int negative = x[i] >> 31;
      e[i] = (e[i] & negative) | (0x3f800000 & ~negative);
    }
  }
}
