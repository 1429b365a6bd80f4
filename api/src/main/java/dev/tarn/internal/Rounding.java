package dev.tarn.internal;

/** Rounds floats to the shorter formats of tensor cores; results are floats again. */
public final class Rounding {
  private Rounding() {}

  /**
   * The nearest bf16, 8 exponent and 7 mantissa bits; of two, the even one. What is too large
   * becomes infinite; NaN stays NaN.
   */
  public static float bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = (bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000;
    return Float.isNaN(value) ? value : Float.intBitsToFloat(rounded);
  }

  /**
   * The nearest tf32, 8 exponent and 10 mantissa bits; of two, the one farther from zero, as PTX's
   * {@code cvt.rna.tf32.f32} does. What is too large becomes infinite; NaN stays NaN.
   */
  public static float tf32(float value) {
    int rounded = (Float.floatToRawIntBits(value) + 0x1000) & 0xffffe000;
    return Float.isFinite(value) ? Float.intBitsToFloat(rounded) : value;
  }
}
