package dev.tarn.train;

import dev.tarn.Tensor;

/** A number that tells how good a model is: the mean over examples of something per example. */
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
}
