package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reduces an f32 or bf16 tensor over some axes, which keep extent one; the result is f32.
 *
 * @param axes the reduced axes, ascending, from 0
 */
public record Reduce(Kind kind, List<Integer> axes) implements Op {

  /** How elements are combined. */
  public enum Kind {
    /** The sum. */
    SUM,
    /** The largest; NaN if any element is NaN. */
    MAX
  }

  /** Copies the list. */
  public Reduce {
    axes = List.copyOf(axes);
  }

  @Override
  public String name() {
    return "reduce_" + kind.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    Spec input = inputs.get(0);
    int[] dims = input.shape().dims();
    int previous = -1;
    for (int axis : axes) {
      if (axis <= previous || axis >= dims.length) {
        throw new ShapeException(name() + ": axes " + axes + " do not fit " + input.shape());
      }
      dims[axis] = 1;
      previous = axis;
    }
    if (!input.dtype().isFloat() || (kind == Kind.MAX && input.shape().size() == 0)) {
      throw new ShapeException(name() + ": needs f32 elements, was given " + input);
    }
    return List.of(Spec.f32(Shape.of(dims)));
  }

  /**
   * The input's shape as {@code [outer, reduced, inner]} if the reduced axes are neighbours (those
   * of extent one do not count), else null.
   */
  public int @Nullable [] asThreeAxes(Shape input) {
    int[] out = {1, 1, 1};
    int part = 0;
    for (int axis = 0; axis < input.rank(); axis++) {
      if (input.dim(axis) == 1) {
        continue;
      }
      boolean reduced = axes.contains(axis);
      if (reduced && part == 0) {
        part = 1;
      } else if (!reduced && part == 1) {
        part = 2;
      } else if (reduced && part == 2) {
        return null;
      }
      out[part] *= input.dim(axis);
    }
    return out;
  }

  @Override
  public String attributes() {
    return "axes=" + axes.toString().replace(" ", "");
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Reduce reduce && kind == reduce.kind && axes.equals(reduce.axes);
  }

  @Override
  public int hashCode() {
    return 31 * kind.ordinal() + axes.hashCode();
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
