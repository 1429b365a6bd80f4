package dev.tarn.optim;

import dev.tarn.Tensor;
import java.util.List;

/**
 * Adadelta (Zeiler 2012): {@code s = rho s + (1 - rho) g^2; d = sqrt(u + eps) / sqrt(s + eps) g; u
 * = rho u + (1 - rho) d^2; p = p - lr d}, as PyTorch computes it.
 *
 * @param lr the learning rate; the paper has 1
 * @param rho the decay of both averages, in [0, 1)
 * @param epsilon added under both roots, positive
 * @param weightDecay the factor of the L2 penalty's gradient, 0 for none; for weights only
 */
public record Adadelta(Schedule lr, double rho, double epsilon, double weightDecay)
    implements CoupledDecay {
  /** Checks the ranges. */
  public Adadelta {
    Ranges.rate("adadelta", lr);
    Ranges.fraction("adadelta", "rho", rho);
    Ranges.positive("adadelta", "epsilon", epsilon);
    Ranges.notNegative("adadelta", "weight_decay", weightDecay);
  }

  /** Adadelta with rho 0.9 and epsilon 1e-6. */
  public static Adadelta lr(double lr) {
    return lr(Schedules.constant(lr));
  }

  /** Adadelta with a learning rate that changes, rho 0.9 and epsilon 1e-6. */
  public static Adadelta lr(Schedule lr) {
    return new Adadelta(lr, 0.9, 1e-6, 0);
  }

  /** With weight decay. */
  public Adadelta weightDecay(double value) {
    return new Adadelta(lr, rho, epsilon, value);
  }

  @Override
  public List<String> moments() {
    return List.of("square", "change");
  }

  @Override
  public Next next(
      Tensor parameter,
      Tensor gradient,
      List<Tensor> moments,
      List<Tensor> scalars,
      boolean decay) {
    Tensor g = penalized(gradient, parameter, decay);
    Tensor square = moments.get(0).mul(rho).add(g.mul(g).mul(1 - rho));
    Tensor scale = moments.get(1).add(epsilon).sqrt().div(square.add(epsilon).sqrt());
    Tensor change = scale.mul(g);
    Tensor changes = moments.get(1).mul(rho).add(change.mul(change).mul(1 - rho));
    return new Next(parameter.sub(scalars.get(0).mul(change)), List.of(square, changes));
  }
}
