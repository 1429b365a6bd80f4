package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The same values in another element type, one element for one.
 *
 * <ul>
 *   <li>f32 to bf16: the nearest, of two the even one ({@link dev.tarn.internal.Rounding#bf16});
 *       too large becomes infinite, NaN stays NaN.
 *   <li>bf16 to f32: exact.
 *   <li>i32 to f32: the nearest, of two the even one.
 *   <li>f32 to i32: without the fraction, towards zero; what is too large or too small becomes the
 *       largest or smallest integer, NaN becomes 0.
 * </ul>
 *
 * <p>Its gradient is the gradient cast back where both types are floating point, else there is
 * none. A reference that computes in double has no bf16: the value stays.
 *
 * @param to the element type of the result
 */
public record Cast(DType to) implements Op {
  @Override
  public String name() {
    return "cast";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    DType from = inputs.get(0).dtype();
    boolean known = from == DType.F32 ? to == DType.BF16 || to == DType.I32 : to == DType.F32;
    if (!known || from == DType.F64) {
      throw new ShapeException(
          "cast: " + inputs.get(0) + " to " + to + ": casts are between f32 and bf16 or i32");
    }
    return List.of(new Spec(to, inputs.get(0).shape()));
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
