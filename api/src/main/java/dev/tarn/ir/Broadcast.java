package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/** Repeats an f32 tensor along axes of extent one, as in NumPy, to a given shape. */
public record Broadcast(Shape shape) implements Op {
  @Override
  public String name() {
    return "broadcast";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    Spec input = inputs.get(0);
    if (!input.dtype().isFloat() || !input.shape().broadcastsTo(shape)) {
      throw new ShapeException("broadcast: " + input + " does not broadcast to " + shape);
    }
    return List.of(new Spec(input.dtype(), shape));
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
