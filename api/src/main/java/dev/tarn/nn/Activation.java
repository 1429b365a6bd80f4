package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Tensor;
import java.util.function.UnaryOperator;

/** An element-wise function, or any other function without parameters, as a module. */
public final class Activation extends Module {
  private final UnaryOperator<Tensor> function;

  private Activation(UnaryOperator<Tensor> function) {
    this.function = function;
  }

  /** A module that applies a function. */
  public static Activation of(UnaryOperator<Tensor> function) {
    return new Activation(function);
  }

  /** {@code max(x, 0)}. */
  public static Activation relu() {
    return of(Tensor::relu);
  }

  /** The hyperbolic tangent. */
  public static Activation tanh() {
    return of(Tensor::tanh);
  }

  /** {@code 1 / (1 + e^-x)}. */
  public static Activation sigmoid() {
    return of(Tensor::sigmoid);
  }

  /** Every example as a vector: {@code [N, ...] -> [N, D]}. */
  public static Activation flatten() {
    return of(Tensor::flatten);
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return function.apply(x);
  }
}
