package example;

import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.loss.Loss;

/**
 * A loss of our own, which counts hard examples more: {@code -(1 - p)^gamma log p}, where {@code p}
 * is the probability of the target class (Lin et al. 2017, arXiv:1708.02002).
 *
 * @param gamma how much more; 0 gives cross-entropy
 */
public record FocalLoss(double gamma) implements Loss {
  @Override
  public Tensor perExample(Tensor logits, Tensor target) {
    Tensor surprise = logits.softmaxCrossEntropy(target); // -log p
    Tensor p = surprise.neg().exp();
    return p.neg().add(1).pow(gamma).mul(surprise);
  }

  @Override
  public Spec target(Spec logits) {
    return Spec.i32(logits.shape().dim(0)); // a class for each example
  }

  @Override
  public Tensor prediction(Tensor logits) {
    return logits.softmax();
  }
}
