package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Elementwise.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The exponential functions against {@link StrictMath}, over all floats. */
final class TileMathTests {
  private static final float[] SPECIAL = {
    0f,
    -0f,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MIN_NORMAL,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    1f,
    -1f,
    88.72283f,
    88.72284f,
    -87.33654f,
    -103.97208f,
    -103.97209f,
    0.625f,
    -0.625f,
    Float.intBitsToFloat(0xffc00000)
  };

  private final Workspace w = new Workspace();

  private float[] apply(Kind kind, float[] x, int n) {
    float[] out = new float[Workspace.TILE];
    int[] bits = new int[Workspace.TILE];
    switch (kind) {
      case EXP -> TileMath.exp(x, out, w, n);
      case SIGMOID -> TileMath.sigmoid(x, out, w, n);
      case RSQRT -> {
        var operand = new TapeLoop.Source(TapeLoop.Place.TILE, 0);
        var instruction = new TapeLoop.Instruction(kind, List.of(operand), 1);
        TapeLoop.compile(List.of(instruction)).run(new float[][] {x, out}, new float[0], n);
      }
      case LOG -> TileMath.log(x, bits, w, n);
      case SIGN -> TileSpecial.sign(x, bits, w, n);
      case ERF -> TileSpecial.erf(x, bits, w, n);
      case EXPM1 -> TileSpecial.expm1(x, bits, w, n);
      case LOG1P -> TileSpecial.log1p(x, bits, w, n);
      default -> TileMath.tanh(x, bits, w, n);
    }
    if (kind != Kind.EXP && kind != Kind.SIGMOID && kind != Kind.RSQRT) {
      w.toFloats(bits, out, n);
    }
    return out;
  }

  /** The distance in units of the last place of the exact value. */
  private static double ulps(float actual, double exact) {
    float nearest = (float) exact;
    if (Float.isNaN(nearest) || Float.isInfinite(nearest) || Float.isInfinite(actual)) {
      return Float.compare(nearest, actual) == 0 ? 0 : Double.POSITIVE_INFINITY;
    }
    return Math.abs(actual - exact) / Math.ulp(nearest);
  }

  private static double exact(Kind kind, float x) {
    return new Elementwise(kind).apply(x, 0, 0);
  }

  @ParameterizedTest
  @EnumSource(names = {"EXP", "LOG", "TANH", "SIGMOID", "SIGN", "ERF", "EXPM1", "LOG1P", "RSQRT"})
  void isWithinTwoUlps(Kind kind) {
    float[] x = new float[Workspace.TILE];
    double worst = 0;
    float at = 0;
    long bits = Integer.MIN_VALUE;
    while (bits <= Integer.MAX_VALUE) {
      int n = 0;
      for (; n < x.length && bits <= Integer.MAX_VALUE; bits += 9973) {
        x[n++] = Float.intBitsToFloat((int) bits);
      }
      float[] y = apply(kind, x, n);
      for (int i = 0; i < n; i++) {
        double error = ulps(y[i], exact(kind, x[i]));
        if (error > worst) {
          worst = error;
          at = x[i];
        }
      }
    }
    assertTrue(worst <= 2, kind + " is " + worst + " ulp off at " + at);
  }

  @ParameterizedTest
  @EnumSource(names = {"EXP", "LOG", "TANH", "SIGMOID", "SIGN", "ERF", "EXPM1", "LOG1P", "RSQRT"})
  void givesWhatItMustAtTheEdges(Kind kind) {
    float[] y = apply(kind, SPECIAL.clone(), SPECIAL.length);
    for (int i = 0; i < SPECIAL.length; i++) {
      float x = SPECIAL[i];
      double error = ulps(y[i], exact(kind, x));
      assertTrue(error <= 2, kind + " of " + x + " is " + y[i] + ", " + error + " ulp off");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TANH", "SIGN", "ERF", "EXPM1", "LOG1P"})
  void keepsTheSignOfZero(Kind kind) {
    assertEquals(-0f, apply(kind, new float[] {-0f}, 1)[0]);
    assertEquals(0f, apply(kind, new float[] {0f}, 1)[0]);
  }

  @Test
  void zeroIsAPole() {
    assertEquals(Float.NEGATIVE_INFINITY, apply(Kind.RSQRT, new float[] {-0f}, 1)[0]);
    assertEquals(Float.NEGATIVE_INFINITY, apply(Kind.LOG, new float[] {-0f}, 1)[0]);
  }

  @Test
  void resultMayBeTheOperand() {
    float[] x = {-2f, 0.5f, 3f};
    float[] apart = apply(Kind.SIGMOID, x, 3);
    TileMath.sigmoid(x, x, w, 3);
    for (int i = 0; i < 3; i++) {
      assertEquals(apart[i], x[i]);
    }
  }
}
