package dev.tarn.ir;

import dev.tarn.PoolWindow;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;
import java.util.Locale;

/**
 * The largest or the average element of each window: f32 {@code [N, C, H, W] -> [N, C, P, Q]}.
 *
 * <p>Padding takes no part in a maximum and is zero in an average. A maximum is NaN if an element
 * is NaN. An average is divided by the number of the window's elements that lie in the input, or
 * with {@code countIncludePad} in the input or its padding; what a window of {@link
 * PoolWindow#ceil} has beyond the padding never counts.
 *
 * @param kind maximum or average
 * @param window how windows lie
 * @param countIncludePad whether padding counts in an average; false for a maximum
 */
public record Pool2d(Kind kind, PoolWindow window, boolean countIncludePad) implements Op {

  /** What is taken of a window. */
  public enum Kind {
    /** The largest element. */
    MAX,
    /** The arithmetic mean. */
    AVERAGE
  }

  /**
   * Checks the attributes.
   *
   * @throws ShapeException if padding is to count in a maximum
   */
  public Pool2d {
    if (kind == Kind.MAX && countIncludePad) {
      throw new ShapeException("max_pool2d: padding takes no part in a maximum");
    }
  }

  /** The number by which the sum of window {@code (p, q)} is divided. */
  public int divisor(int p, int q, int height, int width) {
    return countIncludePad
        ? window.paddedRows(p, height) * window.paddedColumns(q, width)
        : (window.lastRow(p, height) - window.firstRow(p))
            * (window.lastColumn(q, width) - window.firstColumn(q));
  }

  @Override
  public String name() {
    return kind.name().toLowerCase(Locale.ROOT) + "_pool2d";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    Spec input = inputs.get(0);
    if (!input.dtype().isFloat()) {
      throw new ShapeException(name() + ": needs f32 or bf16 elements, was given " + input);
    }
    return List.of(new Spec(input.dtype(), window.over(name(), input.shape())));
  }

  @Override
  public String attributes() {
    return window + (countIncludePad ? " count_include_pad" : "");
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
