package dev.tarn.optim;

import dev.tarn.Tensor;
import java.util.List;

/**
 * Adam (Kingma and Ba 2015), and AdamW (Loshchilov and Hutter 2019) where the decay is decoupled.
 *
 * <p>{@code m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p = p - lr / (1 - b1^t) m / (sqrt(v) /
 * sqrt(1 - b2^t) + eps)}, as PyTorch computes it. Coupled decay adds {@code weightDecay p} to g;
 * decoupled decay multiplies p by {@code 1 - lr weightDecay} first. Decay applies to weights only.
 *
 * @param lr the learning rate, positive
 * @param beta1 the decay of the first moment, in [0, 1)
 * @param beta2 the decay of the second moment, in [0, 1)
 * @param epsilon added to the denominator, positive
 * @param weightDecay 0 for none
 * @param decoupled whether the decay is AdamW's
 */
public record Adam(
    double lr, double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled)
    implements Optimizer {
  /** Checks the ranges. */
  public Adam {
    Ranges.positive("adam", "lr", lr);
    Ranges.fraction("adam", "beta1", beta1);
    Ranges.fraction("adam", "beta2", beta2);
    Ranges.positive("adam", "epsilon", epsilon);
    Ranges.notNegative("adam", "weight_decay", weightDecay);
  }

  /** Adam with a learning rate and the usual betas 0.9 and 0.999 and epsilon 1e-8. */
  public static Adam lr(double lr) {
    return new Adam(lr, 0.9, 0.999, 1e-8, 0, false);
  }

  /** With other betas. */
  public Adam betas(double first, double second) {
    return new Adam(lr, first, second, epsilon, weightDecay, decoupled);
  }

  /** With another epsilon. */
  public Adam epsilon(double value) {
    return new Adam(lr, beta1, beta2, value, weightDecay, decoupled);
  }

  /** With an L2 penalty: {@code weightDecay p} is added to the gradient. */
  public Adam weightDecay(double value) {
    return new Adam(lr, beta1, beta2, epsilon, value, false);
  }

  /** With AdamW's decay: parameters shrink by {@code lr weightDecay} each step. */
  public Adam decoupledWeightDecay(double value) {
    return new Adam(lr, beta1, beta2, epsilon, value, true);
  }

  @Override
  public List<String> moments() {
    return List.of("m", "v");
  }

  @Override
  public List<String> scalars() {
    return weightDecay != 0 && decoupled
        ? List.of("step_size", "second_correction", "shrink")
        : List.of("step_size", "second_correction");
  }

  @Override
  public void scalars(long step, double[] values) {
    values[0] = lr / (1 - StrictMath.pow(beta1, step));
    values[1] = 1 / StrictMath.sqrt(1 - StrictMath.pow(beta2, step));
    if (values.length > 2) {
      values[2] = 1 - lr * weightDecay;
    }
  }

  @Override
  public boolean hasWeightDecay() {
    return weightDecay != 0;
  }

  @Override
  public Next next(
      Tensor parameter,
      Tensor gradient,
      List<Tensor> moments,
      List<Tensor> scalars,
      boolean decay) {
    boolean decays = decay && weightDecay != 0;
    Tensor p = decays && decoupled ? parameter.mul(scalars.get(2)) : parameter;
    Tensor g = decays && !decoupled ? gradient.add(parameter.mul(weightDecay)) : gradient;
    Tensor m = moments.get(0).mul(beta1).add(g.mul(1 - beta1));
    Tensor v = moments.get(1).mul(beta2).add(g.mul(g).mul(1 - beta2));
    Tensor denominator = v.sqrt().mul(scalars.get(1)).add(epsilon);
    return new Next(p.sub(scalars.get(0).mul(m).div(denominator)), List.of(m, v));
  }
}
