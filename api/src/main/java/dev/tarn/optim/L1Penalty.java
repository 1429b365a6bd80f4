package dev.tarn.optim;

import dev.tarn.Tensor;
import java.util.List;

/**
 * An optimizer of which the loss has a penalty {@code factor |p|} for each weight: {@code factor
 * sign(p)} is added to the gradient, 0 where p is 0.
 *
 * @param base the optimizer
 * @param factor positive
 */
record L1Penalty(Optimizer base, double factor) implements Optimizer {
  L1Penalty {
    Ranges.positive("l1", "factor", factor);
  }

  @Override
  public List<String> moments() {
    return base.moments();
  }

  @Override
  public List<String> scalars() {
    return base.scalars();
  }

  @Override
  public void scalars(long update, double scale, double[] values) {
    base.scalars(update, scale, values);
  }

  @Override
  public double learningRate(long update) {
    return base.learningRate(update);
  }

  @Override
  public boolean hasWeightDecay() {
    return true;
  }

  @Override
  public Next next(
      Tensor parameter,
      Tensor gradient,
      List<Tensor> moments,
      List<Tensor> scalars,
      boolean decay) {
    Tensor g = gradient;
    if (decay) {
      Tensor sign = parameter.greater(0).sub(parameter.neg().greater(0));
      g = gradient.add(sign.mul(factor));
    }
    return base.next(parameter, g, moments, scalars, decay);
  }
}
