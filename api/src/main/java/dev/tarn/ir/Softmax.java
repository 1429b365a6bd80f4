package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The softmax along the last axis or its logarithm, f32: with {@code m = max_c x_c}, {@code y_c =
 * exp(x_c - m) / sum_k exp(x_k - m)}, or {@code y_c = x_c - m - log(sum_k exp(x_k - m))}.
 *
 * <p>An element of minus infinity has probability 0; a NaN, an infinity, or nothing but minus
 * infinities make the whole row NaN.
 *
 * @param log whether the logarithm is meant
 */
public record Softmax(boolean log) implements Op {
  @Override
  public String name() {
    return log ? "log_softmax" : "softmax";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    check(name(), inputs.get(0));
    return List.of(inputs.get(0));
  }

  static void check(String name, Spec rows) {
    if (rows.dtype() != DType.F32 || rows.shape().rank() == 0 || rows.shape().dim(-1) == 0) {
      throw new ShapeException(name + ": needs f32 rows that are not empty, was given " + rows);
    }
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
