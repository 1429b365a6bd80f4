package dev.tarn.ir;

/** The error function in double, which Java's library lacks. */
final class ErrorFunction {
  private static final double ROOT_PI = 1.7724538509055160273;

  private ErrorFunction() {}

  /**
   * {@code 2/sqrt(pi)} times the integral of {@code e^-t^2} from 0 to {@code x}, within a few ulp.
   *
   * <p>Below 2.5 the series of Abramowitz and Stegun 7.1.6, whose terms all have one sign; above it
   * the continued fraction of the complement, 7.1.14, evaluated from the far end.
   */
  static double erf(double x) {
    double t = Math.abs(x);
    if (!(t < 6)) {
      return Double.isNaN(x) ? x : Math.signum(x);
    }
    double scale = StrictMath.exp(-t * t) / ROOT_PI;
    if (t < 2.5) {
      double term = x;
      double sum = x;
      for (int n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
        term *= 2 * t * t / (2 * n + 1);
        sum += term;
      }
      return 2 * scale * sum;
    }
    double fraction = t;
    for (int n = 60; n > 0; n--) {
      fraction = t + n / 2.0 / fraction;
    }
    return Math.signum(x) * (1 - scale / fraction);
  }
}
