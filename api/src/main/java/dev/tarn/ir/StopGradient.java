package dev.tarn.ir;

import dev.tarn.Spec;
import java.util.List;

/**
 * The input itself, through which no gradient flows. A mark for the gradient pass; simplification
 * removes it, and no backend but the reference meets it.
 */
public record StopGradient() implements Op {
  @Override
  public String name() {
    return "stop_gradient";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    return List.of(inputs.get(0));
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
