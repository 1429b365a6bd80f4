package dev.tarn.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Shape;
import dev.tarn.nn.Initializers.Fan;
import org.junit.jupiter.api.Test;

/** Moments of the distributions against their formulas, and orthogonality. */
final class InitializersTests {
  /** 60 units of 200 inputs: fan-in 200, fan-out 60. */
  private static final Shape DENSE = Shape.of(60, 200);

  /** 40 filters of 8 channels and 5 x 5: fan-in 200, fan-out 1,000. */
  private static final Shape CONVOLUTION = Shape.of(40, 8, 5, 5);

  private static double[] draw(Initializer initializer, Shape shape) {
    return initializer.create(shape, 42, "layer.weight").toDoubles();
  }

  /** Mean and deviation within five standard errors; nothing beyond the bound. */
  private static void assertDrawn(
      Initializer initializer, Shape shape, double deviation, double bound) {
    double[] values = draw(initializer, shape);
    double mean = 0;
    double square = 0;
    double largest = 0;
    for (double value : values) {
      mean += value / values.length;
      square += value * value / values.length;
      largest = Math.max(largest, Math.abs(value));
    }
    double error = deviation / Math.sqrt(values.length);
    assertEquals(0, mean, 5 * error);
    assertEquals(deviation, Math.sqrt(square), 5 * error);
    assertTrue(largest <= bound * 1.000001 && largest > 0.9 * Math.min(bound, 3 * deviation));
  }

  private static void assertUniform(Initializer initializer, Shape shape, double bound) {
    assertDrawn(initializer, shape, bound / Math.sqrt(3), bound);
  }

  private static void assertNormal(Initializer initializer, Shape shape, double deviation) {
    assertDrawn(initializer, shape, deviation, 6 * deviation);
  }

  @Test
  void deviationsFollowTheFans() {
    assertUniform(Initializers.xavierUniform(1), DENSE, Math.sqrt(6.0 / 260));
    assertNormal(Initializers.xavierNormal(2), DENSE, 2 * Math.sqrt(2.0 / 260));
    assertUniform(Initializers.heUniform(), DENSE, Math.sqrt(6.0 / 200));
    assertNormal(Initializers.heNormal(), DENSE, Math.sqrt(2.0 / 200));
    assertUniform(Initializers.lecunUniform(), DENSE, Math.sqrt(3.0 / 200));
    assertNormal(Initializers.lecunNormal(), DENSE, Math.sqrt(1.0 / 200));
    assertUniform(Initializers.fanInUniform(), DENSE, 1 / Math.sqrt(200));
  }

  @Test
  void aConvolutionsFansCountItsWindow() {
    assertNormal(Initializers.heNormal(), CONVOLUTION, Math.sqrt(2.0 / 200));
    assertNormal(
        Initializers.scaledNormal(Fan.OUT, Initializers.RELU_GAIN),
        CONVOLUTION,
        Math.sqrt(2.0 / 1000));
    assertUniform(Initializers.xavierUniform(1), CONVOLUTION, Math.sqrt(6.0 / 1200));
  }

  /** Truncated at two deviations, a standard normal has the deviation 0.87962566. */
  @Test
  void theTruncatedNormalEndsAtTwoDeviations() {
    assertDrawn(Initializers.truncatedNormal(0.5), DENSE, 0.5 * 0.87962566, 1);
  }

  @Test
  void constantsAreConstant() {
    for (double value : draw(Initializers.constant(0.25), DENSE)) {
      assertEquals(0.25, value);
    }
  }

  @Test
  void orthogonalRowsOrColumnsAreOrthonormalTimesTheGain() {
    assertOrthogonal(Shape.of(17, 17), 17, 17, 1);
    assertOrthogonal(Shape.of(5, 33), 5, 33, 2);
    assertOrthogonal(Shape.of(33, 5), 33, 5, 0.5);
    assertOrthogonal(Shape.of(6, 2, 3, 3), 6, 18, 1);
  }

  private static void assertOrthogonal(Shape shape, int rows, int columns, double gain) {
    double[] matrix = draw(Initializers.orthogonal(gain), shape);
    boolean byRow = rows <= columns;
    int count = Math.min(rows, columns);
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < count; j++) {
        double dot = 0;
        for (int k = 0; k < Math.max(rows, columns); k++) {
          int a = byRow ? i * columns + k : k * columns + i;
          int b = byRow ? j * columns + k : k * columns + j;
          dot += matrix[a] * matrix[b];
        }
        assertEquals(i == j ? gain * gain : 0, dot, 1e-6 * gain * gain, i + ", " + j);
      }
    }
  }

  @Test
  void namesAndSeedsDecide() {
    double[] one = Initializers.orthogonal(1).create(Shape.of(4, 4), 1, "a").toDoubles();
    double[] same = Initializers.orthogonal(1).create(Shape.of(4, 4), 1, "a").toDoubles();
    double[] other = Initializers.orthogonal(1).create(Shape.of(4, 4), 1, "b").toDoubles();
    assertTrue(java.util.Arrays.equals(one, same) && !java.util.Arrays.equals(one, other));
  }
}
