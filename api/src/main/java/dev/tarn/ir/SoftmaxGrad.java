package dev.tarn.ir;

import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The gradient of {@link Softmax} from its output y: {@code dx_c = y_c (dy_c - sum_k dy_k y_k)}, or
 * {@code dx_c = dy_c - exp(y_c) sum_k dy_k} for its logarithm.
 *
 * <p>Inputs: y and dy, f32 of one shape. Output: f32 of that shape.
 *
 * @param log whether y is the logarithm of the softmax
 */
public record SoftmaxGrad(boolean log) implements Op {
  @Override
  public String name() {
    return log ? "log_softmax_grad" : "softmax_grad";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 2);
    Softmax.check(name(), inputs.get(0));
    if (!inputs.get(0).equals(inputs.get(1))) {
      throw new ShapeException(name() + ": y and dy must be alike: " + inputs);
    }
    return List.of(inputs.get(0));
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
