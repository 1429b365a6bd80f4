package dev.tarn.optim;

import dev.tarn.Tensor;
import java.util.List;

/**
 * An optimizer whose only number that changes is the learning rate, and whose weight decay is the
 * gradient of an L2 penalty.
 */
interface CoupledDecay extends Optimizer {
  /** The learning rate. */
  Schedule lr();

  /** The factor of the penalty's gradient, 0 for none; for weights only. */
  double weightDecay();

  @Override
  default List<String> scalars() {
    return List.of("lr");
  }

  @Override
  default void scalars(long update, double scale, double[] values) {
    values[0] = scale * lr().at(update);
  }

  @Override
  default double learningRate(long update) {
    return lr().at(update);
  }

  @Override
  default boolean hasWeightDecay() {
    return weightDecay() != 0;
  }

  /** The gradient with the penalty's, if there is one and it applies to this group. */
  default Tensor penalized(Tensor gradient, Tensor parameter, boolean decay) {
    return decay && weightDecay() != 0 ? gradient.add(parameter.mul(weightDecay())) : gradient;
  }
}
