package dev.tarn.optim;

import dev.tarn.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * RMSProp (Hinton 2012; centred: Graves 2013): {@code s = alpha s + (1 - alpha) g^2; d = g /
 * (sqrt(s) + eps); p = p - lr d}, as PyTorch computes it.
 *
 * <p>Centred, {@code a = alpha a + (1 - alpha) g} and the root is of {@code s - a^2}, or of 0 where
 * rounding makes that negative. With momentum, {@code b = momentum b + d; p = p - lr b}.
 *
 * @param lr the learning rate
 * @param alpha the decay of the averages, in [0, 1)
 * @param epsilon added to the denominator, positive
 * @param momentum 0 for none, below 1
 * @param centered whether the mean gradient is taken off
 * @param weightDecay the factor of the L2 penalty's gradient, 0 for none; for weights only
 */
public record RmsProp(
    Schedule lr,
    double alpha,
    double epsilon,
    double momentum,
    boolean centered,
    double weightDecay)
    implements CoupledDecay {
  /** Checks the ranges. */
  public RmsProp {
    Ranges.rate("rmsprop", lr);
    Ranges.fraction("rmsprop", "alpha", alpha);
    Ranges.positive("rmsprop", "epsilon", epsilon);
    Ranges.fraction("rmsprop", "momentum", momentum);
    Ranges.notNegative("rmsprop", "weight_decay", weightDecay);
  }

  /** RMSProp with alpha 0.99 and epsilon 1e-8. */
  public static RmsProp lr(double lr) {
    return lr(Schedules.constant(lr));
  }

  /** RMSProp with a learning rate that changes, alpha 0.99 and epsilon 1e-8. */
  public static RmsProp lr(Schedule lr) {
    return new RmsProp(lr, 0.99, 1e-8, 0, false, 0);
  }

  /** With momentum. */
  public RmsProp momentum(double value) {
    return new RmsProp(lr, alpha, epsilon, value, centered, weightDecay);
  }

  /** With the mean gradient taken off. */
  public RmsProp asCentered() {
    return new RmsProp(lr, alpha, epsilon, momentum, true, weightDecay);
  }

  /** With weight decay. */
  public RmsProp weightDecay(double value) {
    return new RmsProp(lr, alpha, epsilon, momentum, centered, value);
  }

  @Override
  public List<String> moments() {
    List<String> names = new ArrayList<>(List.of("square"));
    if (centered) {
      names.add("mean");
    }
    if (momentum != 0) {
      names.add("momentum");
    }
    return names;
  }

  @Override
  public Next next(
      Tensor parameter,
      Tensor gradient,
      List<Tensor> moments,
      List<Tensor> scalars,
      boolean decay) {
    Tensor g = penalized(gradient, parameter, decay);
    List<Tensor> after = new ArrayList<>();
    Tensor square = moments.get(0).mul(alpha).add(g.mul(g).mul(1 - alpha));
    after.add(square);
    Tensor variance = square;
    if (centered) {
      Tensor mean = moments.get(1).mul(alpha).add(g.mul(1 - alpha));
      after.add(mean);
      variance = square.sub(mean.mul(mean)).relu();
    }
    Tensor step = g.div(variance.sqrt().add(epsilon));
    if (momentum != 0) {
      step = moments.get(moments.size() - 1).mul(momentum).add(step);
      after.add(step);
    }
    return new Next(parameter.sub(scalars.get(0).mul(step)), after);
  }
}
