package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.Window2d;
import java.util.List;

/**
 * The adjoint of {@link Conv2d} by its image: dy {@code [N,O,P,Q]} and w {@code [O,C/groups,kH,kW]}
 * give dx {@code [N,C,H,W]}, all f32; also the forward pass of a transposed convolution.
 *
 * <p>{@code dx[n,c,h,w]} is the sum of {@code dy[n,o,p,q] w[o,c,r,s]} over all terms of the
 * convolution that read {@code x[n,c,h,w]}; zero where none does.
 *
 * @param window how the kernel moves
 * @param rows H, which several extents of x may share one P with
 * @param columns W
 * @param arithmetic the element types, and how they are multiplied
 */
public record Conv2dGradInput(Window2d window, int rows, int columns, Arithmetic arithmetic)
    implements Op, Product {
  /** Of f32. */
  public Conv2dGradInput(Window2d window, int rows, int columns) {
    this(window, rows, columns, Arithmetic.F32);
  }

  @Override
  public Conv2dGradInput with(Arithmetic other) {
    return new Conv2dGradInput(window, rows, columns, other);
  }

  @Override
  public String name() {
    return "conv2d_grad_input";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 2);
    Shape dy = Conv2d.image(this, arithmetic, inputs, 0);
    Shape w = Conv2d.image(this, arithmetic, inputs, 1);
    if (rows < 1 || columns < 1) {
      throw new ShapeException(
          name() + ": " + dy + " by " + w + ": no image of " + rows + " x " + columns);
    }
    Shape x = Shape.of(dy.dim(0), w.dim(1) * window.groups(), rows, columns);
    Conv2d.check(name() + ": " + dy + " by " + w + " to " + x, window, x, w, dy);
    return List.of(new Spec(arithmetic.result(), x));
  }

  @Override
  public String attributes() {
    return (rows + "x" + columns + " " + window.text()).strip()
        + (" " + arithmetic).stripTrailing();
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
