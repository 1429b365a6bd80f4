package dev.tarn.optim;

import dev.tarn.Tensor;
import java.util.List;

/**
 * Adam (Kingma and Ba 2015), and AdamW (Loshchilov and Hutter 2019) where the decay is decoupled.
 *
 * <p>{@code m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p = p - lr / (1 - b1^t) m / (sqrt(v) /
 * sqrt(1 - b2^t) + eps)}, as PyTorch computes it. Coupled decay adds {@code weightDecay p} to g;
 * decoupled decay multiplies p by {@code 1 - lr weightDecay} first. Decay applies to weights only.
 * AMSGrad (Reddi et al. 2018) divides by the largest v so far.
 *
 * @param lr the learning rate
 * @param beta1 the decay of the first moment, in [0, 1)
 * @param beta2 the decay of the second moment, in [0, 1)
 * @param epsilon added to the denominator, positive
 * @param weightDecay 0 for none
 * @param decoupled whether the decay is AdamW's
 * @param amsgrad whether to divide by the largest second moment so far
 */
public record Adam(
    Schedule lr,
    double beta1,
    double beta2,
    double epsilon,
    double weightDecay,
    boolean decoupled,
    boolean amsgrad)
    implements Optimizer {
  /** Checks the ranges. */
  public Adam {
    Ranges.rate("adam", lr);
    Ranges.fraction("adam", "beta1", beta1);
    Ranges.fraction("adam", "beta2", beta2);
    Ranges.positive("adam", "epsilon", epsilon);
    Ranges.notNegative("adam", "weight_decay", weightDecay);
  }

  /** Adam with a learning rate and the usual betas 0.9 and 0.999 and epsilon 1e-8. */
  public static Adam lr(double lr) {
    return lr(Schedules.constant(lr));
  }

  /** Adam with a learning rate that changes, the usual betas and epsilon. */
  public static Adam lr(Schedule lr) {
    return new Adam(lr, 0.9, 0.999, 1e-8, 0, false, false);
  }

  /** Divided by the largest second moment so far. */
  public Adam withAmsgrad() {
    return new Adam(lr, beta1, beta2, epsilon, weightDecay, decoupled, true);
  }

  /** With other betas. */
  public Adam betas(double first, double second) {
    return new Adam(lr, first, second, epsilon, weightDecay, decoupled, amsgrad);
  }

  /** With another epsilon. */
  public Adam epsilon(double value) {
    return new Adam(lr, beta1, beta2, value, weightDecay, decoupled, amsgrad);
  }

  /** With an L2 penalty: {@code weightDecay p} is added to the gradient. */
  public Adam weightDecay(double value) {
    return new Adam(lr, beta1, beta2, epsilon, value, false, amsgrad);
  }

  /** With AdamW's decay: parameters shrink by {@code lr weightDecay} each step. */
  public Adam decoupledWeightDecay(double value) {
    return new Adam(lr, beta1, beta2, epsilon, value, true, amsgrad);
  }

  @Override
  public List<String> moments() {
    return amsgrad ? List.of("m", "v", "v_max") : List.of("m", "v");
  }

  @Override
  public List<String> scalars() {
    return weightDecay != 0 && decoupled
        ? List.of("step_size", "second_correction", "shrink")
        : List.of("step_size", "second_correction");
  }

  @Override
  public void scalars(long update, double scale, double[] values) {
    double rate = scale * lr.at(update);
    values[0] = rate / (1 - StrictMath.pow(beta1, update));
    values[1] = 1 / StrictMath.sqrt(1 - StrictMath.pow(beta2, update));
    if (values.length > 2) {
      values[2] = 1 - rate * weightDecay;
    }
  }

  @Override
  public double learningRate(long update) {
    return lr.at(update);
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
    Tensor largest = amsgrad ? moments.get(2).maximum(v) : v;
    Tensor denominator = largest.sqrt().mul(scalars.get(1)).add(epsilon);
    return new Next(
        p.sub(scalars.get(0).mul(m).div(denominator)),
        amsgrad ? List.of(m, v, largest) : List.of(m, v));
  }
}
