package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * A random mask for inverted dropout: {@code 1 / keep} with probability {@code keep}, else 0.
 *
 * <p>Inputs: {@code seed} i32[2] (low and high word), {@code step} i32[]. Output: f32 of the given
 * shape. Element {@code i} (flat, row-major) keeps its value when word {@code i mod 4} of
 * Philox4x32-10 with key {@code seed} and counter {@code (i / 4, step, stream low, stream high)},
 * read as an unsigned fraction of 2^32, is below {@code keep}: see {@link
 * dev.tarn.internal.Philox}. The mask is the same on every backend.
 *
 * @param stream what tells this draw from others: a hash of module path and draw ordinal
 * @param keep the probability to keep an element, in (0, 1]
 */
public record DropoutMask(Shape shape, long stream, float keep) implements Op {
  /** Checks the probability. */
  public DropoutMask {
    if (!(keep > 0 && keep <= 1)) {
      throw new ShapeException("dropout: the rate must be at least 0 and below 1: " + (1 - keep));
    }
  }

  /** Keeps an element when its random word, unsigned, is less than or equal to this. */
  public int threshold() {
    return (int) Math.min(0xffffffffL, (long) Math.ceil(keep * 4294967296.0) - 1);
  }

  @Override
  public String name() {
    return "dropout_mask";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 2);
    if (!inputs.get(0).equals(Spec.i32(2)) || !inputs.get(1).equals(Spec.i32())) {
      throw new ShapeException("dropout_mask: needs seed i32[2] and step i32[]: " + inputs);
    }
    return List.of(Spec.f32(shape));
  }

  @Override
  public String attributes() {
    return "keep=" + keep + " stream=" + Long.toHexString(stream);
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
