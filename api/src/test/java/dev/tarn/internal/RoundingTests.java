package dev.tarn.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Rounding to short formats, against a search among the neighbours. */
class RoundingTests {
  /** Of two neighbours in the short format the nearer; of two as near, what {@code tie} says. */
  private static float nearest(float value, int dropped, boolean tiesToEven) {
    int bits = Float.floatToIntBits(value);
    int below = bits & -(1 << dropped);
    int above = below + (1 << dropped);
    double down = Math.abs((double) value - Float.intBitsToFloat(below));
    double up = Math.abs(upper(above) - value);
    boolean even = (below >>> dropped & 1) == 0;
    boolean goesDown = down < up || (down == up && tiesToEven && even);
    return Float.intBitsToFloat(goesDown ? below : above);
  }

  /** What comes after the largest number counts as the next power of two, as in IEEE 754. */
  private static double upper(int bits) {
    double value = Float.intBitsToFloat(bits);
    return Double.isInfinite(value) ? Math.copySign(Math.pow(2, 128), value) : value;
  }

  @Test
  void nearestOfNeighbours() {
    RandomStream random = new RandomStream(1, "rounding");
    for (int i = 0; i < 100_000; i++) {
      int bits = random.nextInt(1 << 30) * 4 + random.nextInt(4);
      // Every second number lies halfway between two of one format.
      bits =
          i % 4 == 0
              ? bits & -(1 << 16) | 1 << 15
              : i % 4 == 2 ? bits & -(1 << 13) | 1 << 12 : bits;
      float value = Float.intBitsToFloat(bits);
      if (Float.isFinite(value)) {
        assertEquals(nearest(value, 16, true), Rounding.bf16(value), () -> "bf16 of " + value);
        assertEquals(nearest(value, 13, false), Rounding.tf32(value), () -> "tf32 of " + value);
      }
    }
  }

  @Test
  void specials() {
    for (float value : new float[] {0f, -0f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      assertEquals(value, Rounding.bf16(value));
      assertEquals(value, Rounding.tf32(value));
    }
    for (int bits : new int[] {0x7f800001, 0x7fffffff, 0xff800001, 0xffffffff}) {
      assertTrue(Float.isNaN(Rounding.bf16(Float.intBitsToFloat(bits))));
      assertTrue(Float.isNaN(Rounding.tf32(Float.intBitsToFloat(bits))));
    }
    assertEquals(1.0078125f, Rounding.bf16(1.005f));
    assertEquals(3.140625f, Rounding.bf16((float) Math.PI));
    assertEquals(3.140625f, Rounding.tf32((float) Math.PI));
    assertEquals(Float.POSITIVE_INFINITY, Rounding.bf16(Float.MAX_VALUE));
  }
}
