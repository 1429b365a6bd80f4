package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * Batch normalization as in training (Ioffe and Szegedy 2015, Algorithm 1): {@code y = scale_c (x -
 * mean_c) / sqrt(variance_c + epsilon) + bias_c} with the mean and the biased variance of each
 * channel over the batch and all axes after the second.
 *
 * <p>Inputs: x f32 {@code [N, C, ...]} of rank 2 to 4, scale f32 {@code [C]}, bias f32 {@code [C]}.
 * Outputs: y as x, mean f32 {@code [C]}, variance f32 {@code [C]}. The variance is the mean of the
 * squared distances from the mean, never the difference of two large sums.
 *
 * @param epsilon added to the variance
 */
public record BatchNorm(double epsilon) implements Op {
  @Override
  public String name() {
    return "batch_norm";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 3);
    Spec x = inputs.get(0);
    Spec channel = channel(name(), x);
    if (!inputs.get(1).equals(channel) || !inputs.get(2).equals(channel)) {
      throw new ShapeException(
          name() + ": scale and bias must be " + channel + ", was given " + inputs);
    }
    return List.of(x, channel, channel);
  }

  /** The spec of one number per channel. */
  static Spec channel(String name, Spec x) {
    Shape shape = x.shape();
    if (!x.dtype().isFloat() || shape.rank() < 2 || shape.rank() > 4 || shape.size() == 0) {
      throw new ShapeException(
          name + ": needs f32[N,C], [N,C,L] or [N,C,H,W] with elements, was given " + x);
    }
    return Spec.f32(shape.dim(1));
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
