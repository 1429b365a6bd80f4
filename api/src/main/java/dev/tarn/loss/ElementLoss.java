package dev.tarn.loss;

import dev.tarn.Spec;
import dev.tarn.Tensor;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/**
 * A loss that is a function of each element of the output and the target, which have one shape.
 *
 * @param name the name
 * @param settings what is printed after it
 * @param rule the function of output and target
 * @param sum whether an example's loss is the sum over its elements rather than the mean
 * @param predict what is predicted
 */
record ElementLoss(
    String name,
    String settings,
    BinaryOperator<Tensor> rule,
    boolean sum,
    UnaryOperator<Tensor> predict)
    implements Loss {
  static ElementLoss mean(String name, BinaryOperator<Tensor> rule) {
    return new ElementLoss(name, "", rule, false, UnaryOperator.identity());
  }

  ElementLoss summed() {
    return new ElementLoss(name, settings, rule, true, predict);
  }

  ElementLoss with(String setting) {
    return new ElementLoss(name, setting, rule, sum, predict);
  }

  ElementLoss predicting(UnaryOperator<Tensor> prediction) {
    return new ElementLoss(name, settings, rule, sum, prediction);
  }

  @Override
  public Tensor perExample(Tensor output, Tensor target) {
    Tensor elements = rule.apply(output, target).flatten();
    return sum ? elements.sum(1) : elements.mean(1);
  }

  @Override
  public Spec target(Spec output) {
    return output;
  }

  @Override
  public Tensor prediction(Tensor output) {
    return predict.apply(output);
  }

  @Override
  public String toString() {
    return name + settings;
  }
}
