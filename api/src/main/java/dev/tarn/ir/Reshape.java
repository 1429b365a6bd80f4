package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The same elements in row-major order under another shape. A view: it moves no data. */
public record Reshape(Shape shape) implements Op {
  @Override
  public String name() {
    return "reshape";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    Spec input = inputs.get(0);
    if (input.shape().size() != shape.size()) {
      throw new ShapeException("reshape: " + input.shape() + " does not fill " + shape);
    }
    return List.of(new Spec(input.dtype(), shape));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Reshape reshape && shape.equals(reshape.shape);
  }

  @Override
  public int hashCode() {
    return shape.hashCode();
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
