package dev.tarn.train;

/**
 * An evaluation metric of one of several outputs.
 *
 * @param metric what is measured
 * @param output the number of the output, from 0
 * @param name its name
 */
record OutputEvaluationMetric(EvaluationMetric metric, int output, String name)
    implements EvaluationMetric {
  @Override
  public Accumulator accumulator() {
    return metric.accumulator();
  }

  @Override
  public boolean higherIsBetter() {
    return metric.higherIsBetter();
  }
}
