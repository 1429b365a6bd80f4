package dev.tarn.reference;

import java.util.List;

/**
 * Normalization and its gradient over {@code [outer, groups, inner]}: each group has statistics of
 * its own over the outer and inner axes. Batch normalization is {@code [N, C, rest]}, rows are
 * {@code [1, R, D]}.
 */
final class NormalizationKernels {
  private final int outer;
  private final int groups;
  private final int inner;
  private final double epsilon;

  NormalizationKernels(int outer, int groups, int inner, double epsilon) {
    this.outer = outer;
    this.groups = groups;
    this.inner = inner;
    this.epsilon = epsilon;
  }

  /** What is added up over a group. */
  @FunctionalInterface
  private interface Term {
    double at(int index, int group);
  }

  /** The normalized values, the mean and the biased variance of each group. */
  List<double[]> forward(double[] x) {
    double[] mean = means((i, g) -> x[i]);
    double[] variance = means((i, g) -> (x[i] - mean[g]) * (x[i] - mean[g]));
    double[] y = each((i, g) -> (x[i] - mean[g]) / Math.sqrt(variance[g] + epsilon));
    return List.of(y, mean, variance);
  }

  /** The gradient by x, and the sums of dy times the normalized values and of dy. */
  List<double[]> backward(double[] x, double[] mean, double[] variance, double[] dy) {
    Term normalized = (i, g) -> (x[i] - mean[g]) / Math.sqrt(variance[g] + epsilon);
    double[] products = means((i, g) -> dy[i] * normalized.at(i, g));
    double[] gradients = means((i, g) -> dy[i]);
    double[] dx =
        each(
            (i, g) ->
                (dy[i] - gradients[g] - normalized.at(i, g) * products[g])
                    / Math.sqrt(variance[g] + epsilon));
    double count = (double) outer * inner;
    return List.of(dx, times(products, count), times(gradients, count));
  }

  /** Each value times the factor of its group, plus its summand where there is one. */
  double[] affine(double[] x, double[] factors, double[] summands) {
    return each((i, g) -> x[i] * factors[g] + summands[g]);
  }

  private double[] each(Term term) {
    double[] out = new double[outer * groups * inner];
    for (int i = 0; i < out.length; i++) {
      out[i] = term.at(i, i / inner % groups);
    }
    return out;
  }

  private double[] means(Term term) {
    double[] sums = new double[groups];
    for (int i = 0; i < outer * groups * inner; i++) {
      int group = i / inner % groups;
      sums[group] += term.at(i, group);
    }
    return times(sums, 1.0 / ((double) outer * inner));
  }

  private static double[] times(double[] values, double factor) {
    double[] out = new double[values.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = values[i] * factor;
    }
    return out;
  }
}
