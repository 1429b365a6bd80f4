package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The gradient of {@link Pool2d} by its input.
 *
 * <p>Inputs: for a maximum x f32 {@code [N, C, H, W]} and dy f32 {@code [N, C, P, Q]}, for an
 * average dy only. Output: f32 {@code [N, C, H, W]}. Of a maximum, the first largest element of the
 * window in row-major order gets the window's gradient, NaN counting as larger than every number;
 * of an average, each element of the input in the window gets the gradient divided by {@link
 * Pool2d#divisor}. Gradients of windows that overlap add up.
 *
 * @param pool what was pooled
 * @param height rows of the pooled input
 * @param width columns of the pooled input
 */
public record Pool2dGrad(Pool2d pool, int height, int width) implements Op {
  @Override
  public String name() {
    return pool.name() + "_grad";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    boolean max = pool.kind() == Pool2d.Kind.MAX;
    Op.arity(this, inputs, max ? 2 : 1);
    Spec dy = inputs.get(max ? 1 : 0);
    if (dy.shape().rank() != 4) {
      throw new ShapeException(name() + ": needs a gradient f32[N,C,P,Q], was given " + dy);
    }
    Shape image = Shape.of(dy.shape().dim(0), dy.shape().dim(1), height, width);
    Spec x = new Spec(dy.dtype(), image);
    Spec expected = pool.infer(List.of(x)).get(0);
    if (!dy.equals(expected) || (max && !inputs.get(0).equals(x))) {
      throw new ShapeException(
          name() + ": needs " + (max ? x + ", " : "") + expected + ", was given " + inputs);
    }
    return List.of(x);
  }

  @Override
  public String attributes() {
    return pool.attributes() + " of " + height + "x" + width;
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
