package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.internal.Rounding;
import java.util.List;

/**
 * A tensor with a border of one value: along axis {@code i} there are {@code before[i]} elements of
 * it before the input's and {@code after[i]} after. f32 or i32.
 *
 * @param before one per axis, not negative
 * @param after one per axis, not negative
 * @param value what the border holds; a whole number for i32
 */
public record Pad(List<Integer> before, List<Integer> after, float value) implements Op {
  /** Copies the lists. */
  public Pad {
    before = List.copyOf(before);
    after = List.copyOf(after);
  }

  @Override
  public String name() {
    return "pad";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    Spec input = inputs.get(0);
    int[] dims = input.shape().dims();
    boolean fits = before.size() == dims.length && after.size() == dims.length;
    for (int i = 0; fits && i < dims.length; i++) {
      fits = before.get(i) >= 0 && after.get(i) >= 0;
      dims[i] += before.get(i) + after.get(i);
    }
    if (!fits) {
      throw new ShapeException(
          "pad: by " + before + " and " + after + " does not fit " + input.shape());
    }
    if (input.dtype() == DType.I32 && (int) value != value) {
      throw new ShapeException("pad: " + value + " is no value of " + input);
    }
    return List.of(new Spec(input.dtype(), Shape.of(dims)));
  }

  /** The 32 bits of the border's elements for an element type. */
  public int bits(DType dtype) {
    if (dtype == DType.BF16) {
      return Float.floatToRawIntBits(Rounding.bf16(value)) >>> Short.SIZE;
    }
    return dtype == DType.I32 ? (int) value : Float.floatToRawIntBits(value);
  }

  @Override
  public String attributes() {
    return (before + "," + after + " value=" + value).replace(", ", ",");
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
