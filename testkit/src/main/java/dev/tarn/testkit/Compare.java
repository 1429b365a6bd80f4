package dev.tarn.testkit;

import dev.tarn.HostTensor;
import java.util.List;

/** Comparisons of tensors; failures name the first element that differs. */
public final class Compare {
  private Compare() {}

  /**
   * Fails unless the values are close: NaN only equals NaN, an infinity only itself.
   *
   * @param expected the values; f64 will do for f32
   * @param relative how far values may be off, relative to the larger of one and the value
   */
  public static void assertClose(
      HostTensor expected, HostTensor actual, double relative, String where) {
    if (!expected.shape().equals(actual.shape())
        || expected.spec().dtype().isFloat() != actual.spec().dtype().isFloat()) {
      throw new AssertionError(where + ": is " + actual.spec() + ", not " + expected.spec());
    }
    for (int i = 0; i < expected.size(); i++) {
      double want = expected.get(i);
      double got = actual.get(i);
      boolean same = want == got || (Double.isNaN(want) && Double.isNaN(got));
      double allowed = relative * Math.max(1, Math.abs(want));
      if (!same && !(Double.isFinite(want) && Math.abs(want - got) <= allowed)) {
        throw new AssertionError(
            where + ": element " + i + " of " + expected.shape() + " is " + got + ", not " + want);
      }
    }
  }

  /** Fails unless element type, shape and every bit of the values are equal. */
  public static void assertSameBits(HostTensor expected, HostTensor actual, String where) {
    if (expected.equals(actual)) {
      return;
    }
    if (!expected.spec().equals(actual.spec())) {
      throw new AssertionError(where + ": is " + actual.spec() + ", not " + expected.spec());
    }
    for (int i = 0; i < expected.size(); i++) {
      if (Double.compare(expected.get(i), actual.get(i)) != 0) {
        throw new AssertionError(
            where
                + (": element " + i + " of " + expected.shape() + " is " + actual.get(i))
                + (", not the same bits as " + expected.get(i)));
      }
    }
  }

  /** The norm of the difference of two lists of tensors, relative to that of the first. */
  public static double distance(List<HostTensor> expected, List<HostTensor> actual) {
    double squares = 0;
    double sum = 0;
    for (int i = 0; i < expected.size(); i++) {
      for (int j = 0; j < expected.get(i).size(); j++) {
        double want = expected.get(i).get(j);
        double difference = want - actual.get(i).get(j);
        squares += difference * difference;
        sum += want * want;
      }
    }
    return Math.sqrt(squares / sum);
  }
}
