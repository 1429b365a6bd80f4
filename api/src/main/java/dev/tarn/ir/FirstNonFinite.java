package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * Raises a sticky flag at the first step that has a NaN or an infinity.
 *
 * <p>Inputs: flag i32[], step i32[], then one or more f32 tensors. Output: i32[], which is {@code
 * flag} if that is not zero, else {@code step} if any element of the tensors is not finite, else 0.
 * Steps count from 1.
 */
public record FirstNonFinite() implements Op {
  @Override
  public String name() {
    return "first_non_finite";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    if (inputs.size() < 3
        || !inputs.get(0).equals(Spec.i32())
        || !inputs.get(1).equals(Spec.i32())
        || inputs.stream().skip(2).anyMatch(input -> input.dtype() != DType.F32)) {
      throw new ShapeException(
          "first_non_finite: needs flag i32[], step i32[] and f32 tensors, was given " + inputs);
    }
    return List.of(Spec.i32());
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
