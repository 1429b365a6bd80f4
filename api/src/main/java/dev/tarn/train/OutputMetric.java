package dev.tarn.train;

import dev.tarn.Tensor;

/**
 * A metric of one of several outputs.
 *
 * @param metric what is measured
 * @param output the number of the output, from 0
 * @param name its name
 */
record OutputMetric(Metric metric, int output, String name) implements Metric {
  @Override
  public double ofMean(double mean) {
    return metric.ofMean(mean);
  }

  @Override
  public boolean higherIsBetter() {
    return metric.higherIsBetter();
  }

  @Override
  public Tensor perExample(Tensor value, Tensor target) {
    return metric.perExample(value, target);
  }
}
