package dev.tarn.nn;

import dev.tarn.ShapeException;

/** What the normalization layers share. */
final class Norms {
  private Norms() {}

  /**
   * The number.
   *
   * @throws ShapeException if it is not positive
   */
  static double positive(String layer, double epsilon) {
    if (!(epsilon > 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new ShapeException(layer + ": epsilon must be positive, not " + epsilon);
    }
    return epsilon;
  }
}
