package dev.tarn.loss;

import dev.tarn.Spec;
import dev.tarn.Tensor;

/** How far a model's output is from the target. Training minimises its mean over the batch. */
public interface Loss {
  /**
   * The loss of each example, times its weight if the examples are weighted: f32 {@code [N]}.
   *
   * @param output the model's output, its first axis the batch
   * @param target the target
   */
  Tensor perExample(Tensor output, Tensor target);

  /**
   * The spec that the target must have for a given output: i32 or f32, its first axis the batch.
   */
  Spec target(Spec output);

  /** What a model trained with this loss predicts, for instance probabilities from logits. */
  Tensor prediction(Tensor output);

  /** Whether examples count differently in a mean; if so, {@link #weights} says how much. */
  default boolean weighted() {
    return false;
  }

  /**
   * How much each example counts in a mean, at least 0: f32 {@code [N]}.
   *
   * @throws UnsupportedOperationException if the loss is not {@link #weighted}
   */
  default Tensor weights(Tensor output, Tensor target) {
    throw new UnsupportedOperationException(this + ": the examples have no weights");
  }

  /**
   * The mean over a batch: the sum of {@link #perExample} over the number of examples, or over the
   * sum of {@link #weights}; 0 if all weights are 0. A scalar.
   */
  default Tensor mean(Tensor output, Tensor target) {
    Tensor losses = perExample(output, target);
    return weighted() ? over(losses.sum(), weights(output, target).sum()) : losses.mean();
  }

  /** A sum over a sum of weights, or the sum itself, which is then 0, where that is 0. */
  static Tensor over(Tensor sum, Tensor weight) {
    return sum.div(weight.greater(0).select(weight, weight.trace().constant(1)));
  }
}
