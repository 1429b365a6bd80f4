package dev.tarn.optim;

import dev.tarn.Tensor;
import java.util.List;

/**
 * AdaGrad (Duchi, Hazan and Singer 2011): {@code s = s + g^2; p = p - lr g / (sqrt(s) + eps)}, as
 * PyTorch computes it.
 *
 * @param lr the learning rate
 * @param epsilon added to the denominator, positive
 * @param weightDecay the factor of the L2 penalty's gradient, 0 for none; for weights only
 */
public record AdaGrad(Schedule lr, double epsilon, double weightDecay) implements CoupledDecay {
  /** Checks the ranges. */
  public AdaGrad {
    Ranges.rate("adagrad", lr);
    Ranges.positive("adagrad", "epsilon", epsilon);
    Ranges.notNegative("adagrad", "weight_decay", weightDecay);
  }

  /** AdaGrad with epsilon 1e-10. */
  public static AdaGrad lr(double lr) {
    return lr(Schedules.constant(lr));
  }

  /** AdaGrad with a learning rate that changes, and epsilon 1e-10. */
  public static AdaGrad lr(Schedule lr) {
    return new AdaGrad(lr, 1e-10, 0);
  }

  /** With weight decay. */
  public AdaGrad weightDecay(double value) {
    return new AdaGrad(lr, epsilon, value);
  }

  @Override
  public List<String> moments() {
    return List.of("sum");
  }

  @Override
  public Next next(
      Tensor parameter,
      Tensor gradient,
      List<Tensor> moments,
      List<Tensor> scalars,
      boolean decay) {
    Tensor g = penalized(gradient, parameter, decay);
    Tensor sum = moments.get(0).add(g.mul(g));
    Tensor change = scalars.get(0).mul(g).div(sum.sqrt().add(epsilon));
    return new Next(parameter.sub(change), List.of(sum));
  }
}
