package dev.tarn.train;

import dev.tarn.HostTensor;
import java.util.Map;

/**
 * The coefficient of determination, {@code 1 - sum (t - p)^2 / sum (t - mean t)^2}, the mean over
 * the numbers that an example has; of targets that are all the same, 1 if they were hit and else 0.
 */
final class Determination implements EvaluationMetric.Accumulator {
  private double[] errors = new double[0];
  private double[] means = errors;
  private double[] squares = errors;
  private long examples;

  @Override
  public void add(HostTensor prediction, HostTensor target) {
    int n = target.shape().dim(0);
    int width = target.size() / n;
    if (examples == 0) {
      errors = new double[width];
      means = new double[width];
      squares = new double[width];
    }
    for (int i = 0; i < n; i++) {
      examples++;
      for (int k = 0; k < width; k++) {
        double t = target.get(i * width + k);
        double error = t - prediction.get(i * width + k);
        errors[k] += error * error;
        // Welford's update: no difference of large sums
        double from = t - means[k];
        means[k] += from / examples;
        squares[k] += from * (t - means[k]);
      }
    }
  }

  @Override
  public Map<String, Double> values() {
    double sum = 0;
    for (int k = 0; k < errors.length; k++) {
      sum += squares[k] > 0 ? 1 - errors[k] / squares[k] : errors[k] == 0 ? 1 : 0;
    }
    return Map.of("", sum / errors.length);
  }
}
