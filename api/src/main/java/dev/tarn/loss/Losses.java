package dev.tarn.loss;

import dev.tarn.Spec;
import dev.tarn.Tensor;

/** Losses by name. */
public final class Losses {
  private Losses() {}

  /**
   * Cross-entropy of the softmax: output logits f32 {@code [N, C]}, target class indices i32 {@code
   * [N]}; {@code -log softmax(x_n)[y_n]}. Predicts probabilities.
   */
  public static Loss crossEntropy() {
    return new Loss() {
      @Override
      public Tensor perExample(Tensor output, Tensor target) {
        return output.softmaxCrossEntropy(target);
      }

      @Override
      public Spec target(Spec output) {
        return Spec.i32(output.shape().dim(0));
      }

      @Override
      public Tensor prediction(Tensor output) {
        return output.softmax();
      }

      @Override
      public String toString() {
        return "cross_entropy";
      }
    };
  }
}
