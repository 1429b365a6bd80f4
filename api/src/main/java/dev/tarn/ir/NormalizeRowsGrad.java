package dev.tarn.ir;

import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The gradient of {@link NormalizeRows} by its input, given the gradient dy of y. With {@code r =
 * 1/sqrt(variance + epsilon)} and {@code h = (x - mean) r}: {@code dx = r (dy - mean(dy) - h
 * mean(dy h))}, means over the row.
 *
 * <p>Inputs: x f32 {@code [R, D]}, mean and variance f32 {@code [R]}, dy f32 {@code [R, D]}.
 * Output: f32 {@code [R, D]}.
 *
 * @param epsilon added to the variance
 */
public record NormalizeRowsGrad(double epsilon) implements Op {
  @Override
  public String name() {
    return "normalize_rows_grad";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 4);
    Spec x = inputs.get(0);
    Spec row = NormalizeRows.row(name(), x);
    if (!inputs.equals(List.of(x, row, row, x))) {
      throw new ShapeException(
          name() + ": mean and variance must be " + row + ", was given " + inputs);
    }
    return List.of(x);
  }

  @Override
  public String attributes() {
    return "epsilon=" + epsilon;
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
