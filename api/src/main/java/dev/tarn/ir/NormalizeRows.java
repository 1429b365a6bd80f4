package dev.tarn.ir;

import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * Each row shifted and scaled to mean 0 and variance 1: {@code y = (x - mean_r) / sqrt(variance_r +
 * epsilon)}, which layer normalization (Ba et al. 2016) and group normalization (Wu and He 2018)
 * begin with.
 *
 * <p>Input: x f32 {@code [R, D]} with D positive. Outputs: y f32 {@code [R, D]}, mean f32 {@code
 * [R]}, variance f32 {@code [R]}, the biased one: the mean of the squared distances from the mean.
 *
 * @param epsilon added to the variance
 */
public record NormalizeRows(double epsilon) implements Op {
  @Override
  public String name() {
    return "normalize_rows";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    Spec row = row(name(), inputs.get(0));
    return List.of(inputs.get(0), row, row);
  }

  /** The spec of one number per row. */
  static Spec row(String name, Spec x) {
    if (!x.dtype().isFloat() || x.shape().rank() != 2 || x.shape().dim(1) == 0) {
      throw new ShapeException(name + ": needs f32[R,D] with D positive, was given " + x);
    }
    return Spec.f32(x.shape().dim(0));
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
