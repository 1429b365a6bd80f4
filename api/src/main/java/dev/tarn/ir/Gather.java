package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of a table by their numbers, as an embedding takes them: {@code y[..., d] = table[i[...],
 * d]}.
 *
 * <p>Inputs: table f32 {@code [V, D]}, indices i32 of any shape. Output: f32, the indices' shape
 * with an axis of D after it. An index outside {@code [0, V)} gives a row of NaN.
 */
public record Gather() implements Op {
  @Override
  public String name() {
    return "gather";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 2);
    Spec table = inputs.get(0);
    Spec indices = inputs.get(1);
    if (table.dtype() != DType.F32 || table.shape().rank() != 2 || indices.dtype() != DType.I32) {
      throw new ShapeException(
          "gather: needs a table f32[V,D] and i32 indices, was given " + table + ", " + indices);
    }
    return List.of(Spec.f32(rows(indices.shape(), table.shape().dim(1))));
  }

  /** A shape with an axis put after the last. */
  static Shape rows(Shape indices, int width) {
    int[] dims = Arrays.copyOf(indices.dims(), indices.rank() + 1);
    dims[indices.rank()] = width;
    return Shape.of(dims);
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
