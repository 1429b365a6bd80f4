package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.Window2d;
import java.util.List;

/**
 * The adjoint of {@link Conv2d} by its kernel: x {@code [N,C,H,W]} and dy {@code [N,O,P,Q]} give dw
 * {@code [O,C/groups,kH,kW]}, all f32.
 *
 * <p>{@code dw[o,c,r,s]} is the sum over n, p, q of {@code dy[n,o,p,q]} times the element of x that
 * the convolution multiplies with {@code w[o,c,r,s]} at that position; an empty batch gives zeros.
 *
 * @param window how the kernel moves
 * @param kernelRows kH
 * @param kernelColumns kW
 * @param arithmetic the element types, and how they are multiplied
 */
public record Conv2dGradWeight(
    Window2d window, int kernelRows, int kernelColumns, Arithmetic arithmetic)
    implements Op, Product {
  /** Of f32. */
  public Conv2dGradWeight(Window2d window, int kernelRows, int kernelColumns) {
    this(window, kernelRows, kernelColumns, Arithmetic.F32);
  }

  @Override
  public Conv2dGradWeight with(Arithmetic other) {
    return new Conv2dGradWeight(window, kernelRows, kernelColumns, other);
  }

  @Override
  public String name() {
    return "conv2d_grad_weight";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 2);
    Shape x = Conv2d.image(this, arithmetic, inputs, 0);
    Shape dy = Conv2d.image(this, arithmetic, inputs, 1);
    if (kernelRows < 1 || kernelColumns < 1) {
      throw new ShapeException(
          name() + ": " + x + " and " + dy + ": no kernel of " + kernelRows + "x" + kernelColumns);
    }
    int channels = Math.max(1, x.dim(1) / window.groups());
    Shape w = Shape.of(dy.dim(1), channels, kernelRows, kernelColumns);
    Conv2d.check(name() + ": " + x + " and " + dy + " to " + w, window, x, w, dy);
    return List.of(new Spec(arithmetic.result(), w));
  }

  @Override
  public String attributes() {
    return (kernelRows + "x" + kernelColumns + " " + window.text()).strip()
        + (" " + arithmetic).stripTrailing();
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
