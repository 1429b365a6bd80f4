package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The running sum along an axis of an f32 tensor, whose shape it keeps: {@code y_i = sum_{k <= i}
 * x_k}, or {@code y_i = sum_{k >= i} x_k} in reverse (PyTorch's {@code cumsum}).
 *
 * <p>A NaN makes every later sum NaN and no earlier one; so do infinities of both signs. The
 * gradient is the running sum in the other direction.
 *
 * @param axis the axis, from 0
 * @param reverse whether the last element is summed first
 */
public record CumulativeSum(int axis, boolean reverse) implements Op {
  @Override
  public String name() {
    return "cumulative_sum";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    Spec input = inputs.get(0);
    if (axis < 0 || axis >= input.shape().rank()) {
      throw new ShapeException("cumulative_sum: " + input + " has no axis " + axis);
    }
    if (input.dtype() != DType.F32) {
      throw new ShapeException("cumulative_sum: needs f32 elements, was given " + input);
    }
    return List.of(input);
  }

  /** The input's shape as {@code [outer, extent, inner]} around the axis. */
  public long[] asThreeAxes(Shape input) {
    long[] out = {1, input.dim(axis), 1};
    for (int i = 0; i < input.rank(); i++) {
      if (i != axis) {
        out[i < axis ? 0 : 2] *= input.dim(i);
      }
    }
    return out;
  }

  @Override
  public String attributes() {
    return "axis=" + axis + (reverse ? " reverse" : "");
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
