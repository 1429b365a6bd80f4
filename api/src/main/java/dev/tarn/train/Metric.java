package dev.tarn.train;

import dev.tarn.Tensor;

/**
 * A number that tells how good a model is: the mean over examples of something per example.
 *
 * <p>It is part of the compiled step, so it costs next to nothing, and is measured while training
 * as well. What is no such mean is an {@link EvaluationMetric}.
 */
public interface Metric {
  /** The name in tables and files. */
  String name();

  /**
   * The value of each example: f32 {@code [N]}.
   *
   * @param output the model's output
   * @param target the target
   */
  Tensor perExample(Tensor output, Tensor target);

  /**
   * What is made of the mean in the end: a root, for instance; the mean itself unless overridden.
   */
  default double ofMean(double mean) {
    return mean;
  }

  /** Whether a larger value is a better one. */
  default boolean higherIsBetter() {
    return true;
  }

  /**
   * The number of the model's output that it is of, from 0. The target is that of the output's
   * first loss.
   */
  default int output() {
    return 0;
  }

  /** This metric of another of the model's outputs, called for instance {@code accuracy.1}. */
  default Metric on(int output) {
    return on(output, name() + "." + output);
  }

  /** This metric of another of the model's outputs, under a name. */
  default Metric on(int output, String name) {
    return new OutputMetric(this, output, name);
  }
}
