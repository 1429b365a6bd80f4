package dev.tarn.transform;

import dev.tarn.Tensor;
import dev.tarn.ir.Elementwise;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The gradients of elementwise functions by their operands, null where there is none. */
final class ElementwiseGradient {
  private final Tensor g;
  private final List<Tensor> inputs;
  private final Tensor a;
  private final Tensor b;
  private final Tensor out;
  private final IntPredicate wanted;

  /**
   * For one node.
   *
   * @param g the gradient of its result
   * @param wanted whether the gradient by an operand is needed
   */
  ElementwiseGradient(Tensor g, List<Tensor> inputs, Tensor out, IntPredicate wanted) {
    this.g = g;
    this.inputs = inputs;
    this.a = inputs.get(0);
    this.b = inputs.get(Math.min(1, inputs.size() - 1));
    this.out = out;
    this.wanted = wanted;
  }

  List<@Nullable Tensor> of(Elementwise.Kind kind) {
    return switch (kind) {
      case NEG -> list(g.neg());
      case ABS -> list(g.mul(a.greater(0).sub(a.neg().greater(0))));
      case EXP -> list(g.mul(out));
      case LOG -> list(g.div(a));
      case SQRT -> list(g.mul(0.5).div(out));
      case TANH -> list(g.sub(g.mul(out.mul(out))));
      case SIGMOID -> list(g.mul(out).mul(out.neg().add(1)));
      case RELU -> list(out.greater(0).select(g, a.trace().constant(0)));
      case ADD -> list(to(0, g), to(1, g));
      case SUB -> list(to(0, g), wanted.test(1) ? to(1, g.neg()) : null);
      case MUL ->
          list(wanted.test(0) ? to(0, g.mul(b)) : null, wanted.test(1) ? to(1, g.mul(a)) : null);
      case DIV ->
          list(
              wanted.test(0) ? to(0, g.div(b)) : null,
              wanted.test(1) ? to(1, g.mul(out).div(b).neg()) : null);
      case MAXIMUM -> extremum(a.greater(b), b.greater(a));
      case MINIMUM -> extremum(b.greater(a), a.greater(b));
      case GREATER, EQUAL -> list(null, null);
      case SELECT ->
          list(
              null,
              to(1, a.select(g, a.trace().constant(0))),
              to(2, a.select(a.trace().constant(0), g)));
      case SIGN, FLOOR, CEIL, ROUND -> list((Tensor) null);
      case ERF -> list(g.mul(a.square().neg().exp()).mul(2 / Math.sqrt(Math.PI)));
      case EXPM1 -> list(g.mul(out.add(1)));
      case LOG1P -> list(g.div(a.add(1)));
      case RSQRT -> list(g.mul(-0.5).mul(out.mul(out.square())));
      case POW ->
          list(
              wanted.test(0) ? to(0, PowerGradient.byBase(g, a, b)) : null,
              wanted.test(1) ? to(1, PowerGradient.byExponent(g, a, b, out)) : null);
    };
  }

  private List<@Nullable Tensor> extremum(Tensor first, Tensor second) {
    Tensor share = first.sub(second).mul(0.5);
    return list(to(0, g.mul(share.add(0.5))), to(1, g.mul(share.neg().add(0.5))));
  }

  /** Sums a gradient over the axes along which the input was broadcast. */
  private @Nullable Tensor to(int i, Tensor gradient) {
    return wanted.test(i) ? gradient.sumTo(inputs.get(i).shape()) : null;
  }

  private static List<@Nullable Tensor> list(@Nullable Tensor... tensors) {
    return Arrays.asList(tensors);
  }
}
