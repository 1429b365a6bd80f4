package dev.tarn.loss;

import dev.tarn.TarnException;
import dev.tarn.Tensor;
import java.util.List;

/**
 * Losses by name. Unless said otherwise, output and target are f32 of one shape {@code [N, ...]},
 * an example's loss is the mean over its elements, and the output itself is what is predicted.
 */
public final class Losses {
  /** Below the smallest normal float a probability counts as 0. */
  private static final double NO_PROBABILITY = 0x1.0p-126;

  private static final double LEAST_LOG = -100;

  /** The slope of the logarithm at 1e-12, which PyTorch has as a float. */
  private static final double STEEPEST = 1 / (double) 1e-12f;

  private Losses() {}

  /**
   * Cross-entropy of the softmax: output logits f32 {@code [N, C]}, target class indices i32 {@code
   * [N]}; {@code -log softmax(x_n)[y_n]}. Predicts probabilities. See {@link CrossEntropy} for
   * label smoothing, class weights, an index to ignore, and targets that are probabilities.
   */
  public static CrossEntropy crossEntropy() {
    return new CrossEntropy(0, List.of(), null, false);
  }

  /** The mean of squared errors: {@code (o - t)^2}. */
  public static Loss mse() {
    return ElementLoss.mean("mse", (o, t) -> square(o.sub(t)));
  }

  /**
   * Half the sum of squared errors over an example's outputs: {@code 1/2 sum_k (o_k - t_k)^2}
   * (Rumelhart, Hinton and Williams 1986), whose gradient is {@code o - t}. The batch's loss is the
   * mean over its examples.
   */
  public static Loss halfSquaredError() {
    return ElementLoss.mean("half_squared_error", (o, t) -> square(o.sub(t)).mul(0.5)).summed();
  }

  /** The mean of absolute errors: {@code |o - t|}. */
  public static Loss l1() {
    return ElementLoss.mean("l1", (o, t) -> o.sub(t).abs());
  }

  /**
   * Squared near the target and straight far from it (Huber 1964): {@code d^2 / 2} where {@code d =
   * |o - t|} is at most delta, else {@code delta (d - delta / 2)}.
   *
   * @throws TarnException if delta is not positive
   */
  public static Loss huber(double delta) {
    if (!(delta > 0 && delta < Double.POSITIVE_INFINITY)) {
      throw new TarnException("huber: delta must be above 0, not " + delta);
    }
    return ElementLoss.mean(
            "huber",
            (o, t) -> {
              Tensor d = o.sub(t).abs();
              Tensor near = d.minimum(d.trace().constant(delta));
              return near.mul(d.sub(near.mul(0.5)));
            })
        .with("(" + delta + ")");
  }

  /**
   * Cross-entropy of probabilities o with targets t in [0, 1]: {@code -(t log o + (1 - t) log(1 -
   * o))}.
   *
   * <p>As in PyTorch, a logarithm is never below -100, and the gradient where o is 0 or 1 is that
   * of a probability of 1e-12. A probability below the smallest normal float counts as 0.
   */
  public static Loss binaryCrossEntropy() {
    return ElementLoss.mean(
        "binary_cross_entropy",
        (o, t) -> {
          Tensor no = t.neg().add(1);
          return t.mul(clampedLog(o)).add(no.mul(clampedLog(o.neg().add(1)))).neg();
        });
  }

  /**
   * Cross-entropy of the sigmoid of logits o with targets t in [0, 1], without overflow: {@code
   * max(o, 0) - o t + log(1 + e^-|o|)}. Predicts probabilities.
   */
  public static Loss binaryCrossEntropyWithLogits() {
    return ElementLoss.mean(
            "binary_cross_entropy_with_logits",
            (o, t) -> {
              // maximum, not relu: its gradient at 0 is one half, which is what the loss has there.
              Tensor linear = o.maximum(o.trace().constant(0)).sub(o.mul(t));
              return linear.add(o.abs().neg().exp().add(1).log());
            })
        .predicting(Tensor::sigmoid);
  }

  /**
   * The hinge of support vector machines (Cortes and Vapnik 1995): {@code max(0, 1 - t o)} with
   * targets -1 and 1.
   */
  public static Loss hinge() {
    return ElementLoss.mean("hinge", (o, t) -> t.mul(o).neg().add(1).relu());
  }

  /**
   * Rosenblatt's perceptron criterion: {@code max(0, -t o)} with targets -1 and 1. An output of 0
   * counts as a mistake: its gradient is {@code -t}, so that learning starts from weights of 0.
   */
  public static Loss perceptron() {
    return ElementLoss.mean(
        "perceptron",
        (o, t) -> {
          Tensor margin = t.mul(o);
          return margin.greater(0).select(margin.trace().constant(0), margin.neg());
        });
  }

  /**
   * The Kullback-Leibler divergence of target probabilities t f32 {@code [N, C]} from the softmax
   * of logits {@code [N, C]}: {@code sum_c t_c (log t_c - log softmax(o)_c)}, the mean over the
   * examples (PyTorch's {@code batchmean}). Predicts probabilities.
   */
  public static Loss klDivergence() {
    return ElementLoss.mean(
            "kl_divergence",
            (o, t) -> {
              if (o.shape().rank() != 2) {
                throw o.trace()
                    .failure("kl_divergence: needs logits [N, C], was given " + o.shape());
              }
              Tensor entropy = t.greater(0).select(t.mul(t.log()), t.trace().constant(0));
              return entropy.sub(t.mul(CrossEntropy.logSoftmax(o)));
            })
        .summed()
        .predicting(Tensor::softmax);
  }

  private static Tensor square(Tensor x) {
    return x.mul(x);
  }

  /** {@code max(log p, -100)}, with a finite slope where p is 0. */
  private static Tensor clampedLog(Tensor p) {
    Tensor none = p.trace().constant(NO_PROBABILITY).greater(p);
    Tensor safe = none.select(p.trace().constant(1), p);
    return none.select(p.mul(STEEPEST).add(LEAST_LOG), safe.log());
  }
}
