package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The index of the largest element of each row: f32 {@code [N, C] -> i32 [N]}. Of equal elements
 * the first counts; NaN counts as larger than every number.
 */
public record ArgMax() implements Op {
  @Override
  public String name() {
    return "argmax";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    Spec input = inputs.get(0);
    if (input.dtype() != DType.F32 || input.shape().rank() != 2 || input.shape().dim(1) == 0) {
      throw new ShapeException("argmax: needs an f32 matrix, was given " + input);
    }
    return List.of(Spec.i32(input.shape().dim(0)));
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
