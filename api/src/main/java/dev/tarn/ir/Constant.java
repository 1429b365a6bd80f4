package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A value known when the program is made. Its data must not be changed afterwards.
 *
 * <p>F64 data makes an f32 value: it is rounded, except where the reference computes in double.
 */
public record Constant(HostTensor data) implements Op {
  @Override
  public String name() {
    return "constant";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 0);
    return List.of(data.spec().dtype() == DType.F64 ? Spec.f32(data.shape()) : data.spec());
  }

  /** The number of a scalar, else the first values as {@code {1.0, 2.0, ...}}. */
  @Override
  public String attributes() {
    String values = data.toString().replaceFirst("^[^{]*", "");
    return data.shape().rank() == 0 ? values.substring(1, values.length() - 1) : values;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Constant constant && data.equals(constant.data);
  }

  @Override
  public int hashCode() {
    return data.hashCode();
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
