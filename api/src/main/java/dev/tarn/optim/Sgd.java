package dev.tarn.optim;

import dev.tarn.TarnException;
import dev.tarn.Tensor;
import java.util.List;

/**
 * Stochastic gradient descent, with momentum if asked: {@code v = momentum v + g; p = p - lr v}, in
 * Nesterov's form {@code p = p - lr (g + momentum v)}, as PyTorch defines both.
 *
 * <p>Weight decay is coupled: {@code g = g + weightDecay p}, for weights only.
 *
 * @param lr the learning rate, positive
 * @param momentum 0 for none, below 1
 * @param nesterov whether to use Nesterov's form
 * @param weightDecay the factor of the L2 penalty's gradient, 0 for none
 */
public record Sgd(double lr, double momentum, boolean nesterov, double weightDecay)
    implements Optimizer {
  /** Checks the ranges. */
  public Sgd {
    Ranges.positive("sgd", "lr", lr);
    Ranges.fraction("sgd", "momentum", momentum);
    Ranges.notNegative("sgd", "weight_decay", weightDecay);
    if (nesterov && momentum == 0) {
      throw new TarnException("sgd: nesterov needs a momentum above 0");
    }
  }

  /** Plain gradient descent. */
  public static Sgd lr(double lr) {
    return new Sgd(lr, 0, false, 0);
  }

  /** With momentum. */
  public Sgd momentum(double value) {
    return new Sgd(lr, value, nesterov, weightDecay);
  }

  /** With momentum in Nesterov's form. */
  public Sgd nesterov(double value) {
    return new Sgd(lr, value, true, weightDecay);
  }

  /** With weight decay. */
  public Sgd weightDecay(double value) {
    return new Sgd(lr, momentum, nesterov, value);
  }

  @Override
  public List<String> moments() {
    return momentum == 0 ? List.of() : List.of("momentum");
  }

  @Override
  public List<String> scalars() {
    return List.of("lr");
  }

  @Override
  public void scalars(long step, double[] values) {
    values[0] = lr;
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
    Tensor rate = scalars.get(0);
    Tensor g = decay && weightDecay != 0 ? gradient.add(parameter.mul(weightDecay)) : gradient;
    if (momentum == 0) {
      return new Next(parameter.sub(rate.mul(g)), List.of());
    }
    Tensor velocity = moments.get(0).mul(momentum).add(g);
    Tensor direction = nesterov ? g.add(velocity.mul(momentum)) : velocity;
    return new Next(parameter.sub(rate.mul(direction)), List.of(velocity));
  }
}
