package dev.tarn.ir;

import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The gradient of {@link BatchNorm} by its inputs, given the gradient dy of y. With {@code r =
 * 1/sqrt(variance + epsilon)}, {@code h = (x - mean) r} and m elements a channel: {@code dbias =
 * sum(dy)}, {@code dscale = sum(dy h)}, {@code dx = scale r (dy - dbias/m - h dscale/m)}.
 *
 * <p>Inputs: x f32 {@code [N, C, ...]}, scale, mean and variance f32 {@code [C]}, dy as x. Outputs:
 * dx as x, dscale and dbias f32 {@code [C]}.
 *
 * @param epsilon added to the variance
 */
public record BatchNormGrad(double epsilon) implements Op {
  @Override
  public String name() {
    return "batch_norm_grad";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 5);
    Spec x = inputs.get(0);
    Spec channel = BatchNorm.channel(name(), x);
    if (!inputs.equals(List.of(x, channel, channel, channel, x))) {
      throw new ShapeException(
          name() + ": scale, mean and variance must be " + channel + ", was given " + inputs);
    }
    return List.of(x, channel, channel);
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
