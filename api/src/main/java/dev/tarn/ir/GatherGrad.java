package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The gradient of {@link Gather} by its table, dense: row {@code v} is the sum of the rows {@code
 * dy[n]} with {@code indices[n] == v}, added in the order of n, so the same input gives the same
 * bits.
 *
 * <p>Inputs: indices i32 of any shape, dy f32 of that shape with an axis of D after it. Output: f32
 * {@code [rows, D]}. What belongs to an index outside {@code [0, rows)} is left out.
 *
 * @param rows the rows of the table
 */
public record GatherGrad(int rows) implements Op {
  @Override
  public String name() {
    return "gather_grad";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 2);
    Spec indices = inputs.get(0);
    Spec dy = inputs.get(1);
    int width = dy.shape().rank() == 0 ? 0 : dy.shape().dim(-1);
    if (indices.dtype() != DType.I32 || !dy.equals(Spec.f32(Gather.rows(indices.shape(), width)))) {
      throw new ShapeException(
          "gather_grad: needs i32 indices and f32 rows, was given " + indices + ", " + dy);
    }
    return List.of(Spec.f32(rows, width));
  }

  @Override
  public String attributes() {
    return "rows=" + rows;
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
