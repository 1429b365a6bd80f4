package dev.tarn.loss;

import dev.tarn.Spec;
import dev.tarn.Tensor;

/** How far a model's output is from the target. Training minimises its mean over the batch. */
public interface Loss {
  /**
   * The loss of each example: f32 {@code [N]}.
   *
   * @param output the model's output, its first axis the batch
   * @param target the target
   */
  Tensor perExample(Tensor output, Tensor target);

  /** The spec that the target must have for a given output. */
  Spec target(Spec output);

  /** What a model trained with this loss predicts, for instance probabilities from logits. */
  Tensor prediction(Tensor output);
}
