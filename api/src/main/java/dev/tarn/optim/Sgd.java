package dev.tarn.optim;

import dev.tarn.TarnException;
import dev.tarn.Tensor;
import java.util.List;

/**
 * Stochastic gradient descent, with momentum if asked: {@code v = momentum v + g; p = p - lr v}, in
 * Nesterov's form {@code p = p - lr (g + momentum v)}, as PyTorch defines both.
 *
 * <p>The classical form (Polyak 1964; Sutskever et al. 2013) has the learning rate in the velocity:
 * {@code v = momentum v + lr g; p = p - v}, with Nesterov {@code p = p - (lr g + momentum v)}. It
 * is the same while the learning rate stays the same. Weight decay is coupled: {@code g = g +
 * weightDecay p}, for weights only.
 *
 * @param lr the learning rate
 * @param momentum 0 for none, below 1
 * @param nesterov whether to use Nesterov's form
 * @param classical whether the velocity holds the learning rate
 * @param weightDecay the factor of the L2 penalty's gradient, 0 for none
 */
public record Sgd(
    Schedule lr, double momentum, boolean nesterov, boolean classical, double weightDecay)
    implements CoupledDecay {
  /** Checks the ranges. */
  public Sgd {
    Ranges.rate("sgd", lr);
    Ranges.fraction("sgd", "momentum", momentum);
    Ranges.notNegative("sgd", "weight_decay", weightDecay);
    if (nesterov && momentum == 0) {
      throw new TarnException("sgd: nesterov needs a momentum above 0");
    }
  }

  /** Plain gradient descent. */
  public static Sgd lr(double lr) {
    return lr(Schedules.constant(lr));
  }

  /** Plain gradient descent with a learning rate that changes. */
  public static Sgd lr(Schedule lr) {
    return new Sgd(lr, 0, false, false, 0);
  }

  /** With momentum. */
  public Sgd momentum(double value) {
    return new Sgd(lr, value, nesterov, classical, weightDecay);
  }

  /** With momentum in Nesterov's form. */
  public Sgd nesterov(double value) {
    return new Sgd(lr, value, true, classical, weightDecay);
  }

  /** With momentum whose velocity holds the learning rate. */
  public Sgd classicalMomentum(double value) {
    return new Sgd(lr, value, nesterov, true, weightDecay);
  }

  /** With weight decay. */
  public Sgd weightDecay(double value) {
    return new Sgd(lr, momentum, nesterov, classical, value);
  }

  @Override
  public List<String> moments() {
    return momentum == 0 ? List.of() : List.of("momentum");
  }

  @Override
  public Next next(
      Tensor parameter,
      Tensor gradient,
      List<Tensor> moments,
      List<Tensor> scalars,
      boolean decay) {
    Tensor rate = scalars.get(0);
    Tensor g = penalized(gradient, parameter, decay);
    if (momentum == 0) {
      return new Next(parameter.sub(rate.mul(g)), List.of());
    }
    Tensor step = classical ? rate.mul(g) : g;
    Tensor velocity = moments.get(0).mul(momentum).add(step);
    Tensor direction = nesterov ? step.add(velocity.mul(momentum)) : velocity;
    Tensor change = classical ? direction : rate.mul(direction);
    return new Next(parameter.sub(change), List.of(velocity));
  }
}
