package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Elementwise.Kind;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Powers against {@link StrictMath} for random bits, for results near one, and at the edges. */
final class TilePowerTests {
  private static final float[] SPECIAL = {
    0f,
    Float.MIN_VALUE,
    Float.MIN_NORMAL,
    1e-20f,
    0.5f,
    Math.nextDown(1f),
    1f,
    Math.nextUp(1f),
    1.5f,
    2f,
    3f,
    1e10f,
    8388607f,
    8388607.5f,
    8388608f,
    8388609f,
    16777215f,
    16777216f,
    16777218f,
    Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NaN
  };

  private final Workspace w = new Workspace();
  private final float[] a = new float[Workspace.TILE];
  private final float[] b = new float[Workspace.TILE];
  private final float[] y = new float[Workspace.TILE];
  private double worst;

  private void check(int n) {
    int[] bits = new int[Workspace.TILE];
    TilePower.pow(a, b, bits, w, n);
    w.toFloats(bits, y, n);
    for (int i = 0; i < n; i++) {
      double exact = new Elementwise(Kind.POW).apply(a[i], b[i], 0);
      float nearest = (float) exact;
      String what = a[i] + "^" + b[i];
      if (Float.isNaN(nearest) || Float.isInfinite(nearest) || nearest == 0) {
        assertEquals(nearest, y[i], what);
      } else {
        double ulps = Math.abs(y[i] - exact) / Math.ulp(nearest);
        assertTrue(ulps <= 2, what + " is " + y[i] + ", " + ulps + " ulp off");
        worst = Math.max(worst, ulps);
      }
    }
  }

  @Test
  void allPairsOfSpecialNumbers() {
    for (float sign : new float[] {1, -1}) {
      for (float base : SPECIAL) {
        int n = 0;
        for (float exponent : SPECIAL) {
          for (float other : new float[] {exponent, -exponent}) {
            a[n] = sign * base;
            b[n++] = other;
          }
        }
        check(n);
      }
    }
  }

  @Test
  void randomNumbers() {
    Random random = new Random(5);
    for (int round = 0; round < 60; round++) {
      for (int i = 0; i < a.length; i++) {
        a[i] = Float.intBitsToFloat(random.nextInt());
        // Results from 2^-150 to 2^129 are as likely as any.
        double exponent =
            (random.nextDouble() * 280 - 150) * Math.log(2) / Math.log(Math.abs(a[i]));
        b[i] = i % 3 == 0 ? Math.round(exponent) : (float) exponent;
        a[i] = i % 3 == 1 ? Math.abs(a[i]) : a[i];
      }
      check(a.length);
    }
    assertTrue(worst > 0.5, "only exact results: the data is wrong");
  }

  @Test
  void randomNumbersNearOne() {
    Random random = new Random(6);
    for (int round = 0; round < 60; round++) {
      for (int i = 0; i < a.length; i++) {
        a[i] = 1 + (float) (random.nextGaussian() * Math.pow(2, -random.nextInt(24)));
        b[i] = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(40) - 10));
      }
      check(a.length);
    }
  }
}
