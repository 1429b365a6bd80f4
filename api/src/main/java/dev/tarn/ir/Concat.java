package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * Tensors one after the other along an axis; the other extents and the element types, f32 or i32,
 * are equal.
 *
 * @param axis the axis, from 0
 */
public record Concat(int axis) implements Op {
  @Override
  public String name() {
    return "concat";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    if (inputs.isEmpty()) {
      throw new ShapeException("concat: needs at least one tensor");
    }
    Spec first = inputs.get(0);
    if (axis < 0 || axis >= first.shape().rank()) {
      throw new ShapeException("concat: " + first + " has no axis " + axis);
    }
    int extent = 0;
    for (Spec input : inputs) {
      boolean fits =
          input.dtype() == first.dtype()
              && input.shape().rank() == first.shape().rank()
              && input.shape().with(axis, 0).equals(first.shape().with(axis, 0));
      if (!fits) {
        throw new ShapeException(
            "concat: tensors differ beside axis " + axis + ": " + first + " and " + input);
      }
      extent = Math.addExact(extent, input.shape().dim(axis));
    }
    Shape shape = first.shape().with(axis, extent);
    return List.of(new Spec(first.dtype(), shape));
  }

  @Override
  public String attributes() {
    return "axis=" + axis;
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
