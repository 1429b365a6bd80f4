package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.Window2d;
import java.util.List;

/**
 * The 2-D convolution of deep learning, a cross-correlation: x {@code [N,C,H,W]} and w {@code
 * [O,C/groups,kH,kW]} give y {@code [N,O,P,Q]}, all f32.
 *
 * <p>{@code y[n,o,p,q] = sum over c,r,s of x[n, g C/groups + c, p strideH - padTop + r dilationH, q
 * strideW - padLeft + s dilationW] w[o,c,r,s]}, where {@code g} is the group of output channel
 * {@code o}, {@code o / (O/groups)}, and x outside the image is zero (Dumoulin and Visin 2016, "A
 * guide to convolution arithmetic for deep learning"). {@link Window2d} says what P and Q are. A
 * NaN reaches every position whose window holds it.
 *
 * @param window how the kernel moves
 * @param arithmetic the element types, and how they are multiplied
 */
public record Conv2d(Window2d window, Arithmetic arithmetic) implements Op, Product {
  /** Of f32. */
  public Conv2d(Window2d window) {
    this(window, Arithmetic.F32);
  }

  @Override
  public Conv2d with(Arithmetic other) {
    return new Conv2d(window, other);
  }

  @Override
  public String name() {
    return "conv2d";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 2);
    Shape x = image(this, arithmetic, inputs, 0);
    Shape w = image(this, arithmetic, inputs, 1);
    String what = "conv2d: " + x + " by " + w;
    int p = window.outRows(x.dim(2), w.dim(2));
    int q = window.outColumns(x.dim(3), w.dim(3));
    if (p < 1 || q < 1) {
      throw new ShapeException(what + ": the kernel is larger than the padded image");
    }
    Shape y = Shape.of(x.dim(0), w.dim(0), p, q);
    check(what, window, x, w, y);
    return List.of(new Spec(arithmetic.result(), y));
  }

  /** The shape of an operand, which must have four axes, none but the first empty. */
  static Shape image(Op op, Arithmetic arithmetic, List<Spec> inputs, int index) {
    Spec spec = inputs.get(index);
    Shape shape = spec.shape();
    if (spec.dtype() != arithmetic.operands()
        || shape.rank() != 4
        || Math.min(shape.dim(1), Math.min(shape.dim(2), shape.dim(3))) < 1) {
      throw new ShapeException(
          String.format(
              "%s: needs two %s operands with four axes, was given %s",
              op.name(), arithmetic.operands(), inputs));
    }
    return shape;
  }

  /** Checks that image, kernel and result of a convolution fit. */
  static void check(String what, Window2d window, Shape x, Shape w, Shape y) {
    int groups = window.groups();
    if (w.dim(0) < 1 || w.dim(0) % groups != 0 || x.dim(1) % groups != 0) {
      throw new ShapeException(what + ": the channels are no multiples of " + groups + " groups");
    }
    if (x.dim(1) != w.dim(1) * groups) {
      throw new ShapeException(
          what
              + ": the kernel takes "
              + w.dim(1) * groups
              + " channels, the image has "
              + x.dim(1));
    }
    Shape expected =
        Shape.of(
            x.dim(0),
            w.dim(0),
            Math.max(0, window.outRows(x.dim(2), w.dim(2))),
            Math.max(0, window.outColumns(x.dim(3), w.dim(3))));
    if (!y.equals(expected)) {
      throw new ShapeException(what + ": the result would be " + expected + ", not " + y);
    }
  }

  @Override
  public String attributes() {
    return (window.text() + " " + arithmetic).strip();
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
