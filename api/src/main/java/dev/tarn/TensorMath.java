package dev.tarn;

import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Elementwise.Kind;

/** The methods of {@link Tensor} that are elementwise functions. */
abstract sealed class TensorMath permits Tensor {
  /** The trace that this tensor belongs to. */
  public abstract Trace trace();

  /** The element-wise sum. */
  public Tensor add(Tensor other) {
    return apply(Kind.ADD, other);
  }

  /** Adds a number to each element. */
  public Tensor add(double number) {
    return add(trace().constant(number));
  }

  /** The element-wise difference. */
  public Tensor sub(Tensor other) {
    return apply(Kind.SUB, other);
  }

  /** Subtracts a number from each element. */
  public Tensor sub(double number) {
    return sub(trace().constant(number));
  }

  /** The element-wise product. */
  public Tensor mul(Tensor other) {
    return apply(Kind.MUL, other);
  }

  /** Multiplies each element by a number. */
  public Tensor mul(double number) {
    return mul(trace().constant(number));
  }

  /** The element-wise quotient. */
  public Tensor div(Tensor other) {
    return apply(Kind.DIV, other);
  }

  /** Divides each element by a number. */
  public Tensor div(double number) {
    return div(trace().constant(number));
  }

  /** {@code -x}. */
  public Tensor neg() {
    return apply(Kind.NEG);
  }

  /** {@code |x|}; its gradient at zero is zero. */
  public Tensor abs() {
    return apply(Kind.ABS);
  }

  /** {@code e^x}. */
  public Tensor exp() {
    return apply(Kind.EXP);
  }

  /** The natural logarithm. */
  public Tensor log() {
    return apply(Kind.LOG);
  }

  /** The square root. */
  public Tensor sqrt() {
    return apply(Kind.SQRT);
  }

  /** The hyperbolic tangent. */
  public Tensor tanh() {
    return apply(Kind.TANH);
  }

  /** {@code 1 / (1 + e^-x)}. */
  public Tensor sigmoid() {
    return apply(Kind.SIGMOID);
  }

  /** {@code x^2}. */
  public Tensor square() {
    return mul(self());
  }

  /** {@code 1 / x}. */
  public Tensor reciprocal() {
    return trace().constant(1).div(self());
  }

  /** {@code 1 / sqrt(x)}. */
  public Tensor rsqrt() {
    return apply(Kind.RSQRT);
  }

  /**
   * {@code a^b}: 1 if {@code b} is 0 or {@code a} is 1, as in IEEE 754. The gradient by {@code b}
   * is {@code a^b log(a)}, hence NaN where {@code a} is negative, and 0 where {@code a} is 0 and
   * {@code b} is not negative.
   */
  public Tensor pow(Tensor exponent) {
    return apply(Kind.POW, exponent);
  }

  /** {@code x^number}; powers 1, 2, 3, 1/2, -1/2 and -1 are products, roots and quotients. */
  public Tensor pow(double number) {
    if (number == 1) {
      return self();
    } else if (number == 2 || number == 3) {
      return number == 2 ? square() : square().mul(self());
    } else if (Math.abs(number) == 0.5) {
      return number > 0 ? sqrt() : rsqrt();
    }
    return number == -1 ? reciprocal() : pow(trace().constant(number));
  }

  /** {@code e^x - 1}, accurate near zero. */
  public Tensor expm1() {
    return apply(Kind.EXPM1);
  }

  /** {@code log(1 + x)}, accurate near zero. */
  public Tensor log1p() {
    return apply(Kind.LOG1P);
  }

  /** The error function, {@code 2/sqrt(pi)} times the integral of {@code e^-t^2} from 0 to x. */
  public Tensor erf() {
    return apply(Kind.ERF);
  }

  /** -1, 0 or 1 by the sign; zeros and NaN stay what they are. No gradient flows through it. */
  public Tensor sign() {
    return apply(Kind.SIGN);
  }

  /** The largest whole number that is not greater; no gradient flows through it. */
  public Tensor floor() {
    return apply(Kind.FLOOR);
  }

  /** The smallest whole number that is not less; no gradient flows through it. */
  public Tensor ceil() {
    return apply(Kind.CEIL);
  }

  /** The nearest whole number, halves to the even one; no gradient flows through it. */
  public Tensor round() {
    return apply(Kind.ROUND);
  }

  /**
   * {@code min(max(x, low), high)}; NaN stays NaN. The gradient is 1 from {@code low} to {@code
   * high}, both included, and 0 outside.
   *
   * @throws ShapeException if {@code low} is not at most {@code high}
   */
  public Tensor clip(double low, double high) {
    if (!(low <= high)) {
      throw trace().failure("clip: " + low + " is not at most " + high);
    }
    Tensor raised = less(low).select(trace().constant(low), self());
    return greater(high).select(trace().constant(high), raised);
  }

  /** {@code max(x, 0)}; its gradient at zero is zero. */
  public Tensor relu() {
    return apply(Kind.RELU);
  }

  /** The element-wise maximum; equal elements share the gradient equally. */
  public Tensor maximum(Tensor other) {
    return apply(Kind.MAXIMUM, other);
  }

  /** The element-wise minimum; equal elements share the gradient equally. */
  public Tensor minimum(Tensor other) {
    return apply(Kind.MINIMUM, other);
  }

  /** 1 where this is greater, else 0; no gradient flows through it. */
  public Tensor greater(Tensor other) {
    return apply(Kind.GREATER, other);
  }

  /** 1 where this is greater than a number, else 0; no gradient flows through it. */
  public Tensor greater(double number) {
    return greater(trace().constant(number));
  }

  /** 1 where the elements are equal, else 0; no gradient flows through it. Also for i32. */
  public Tensor equal(Tensor other) {
    return apply(Kind.EQUAL, other);
  }

  /** 1 where this is equal to a number, else 0; no gradient flows through it. */
  public Tensor equal(double number) {
    return equal(trace().constant(number));
  }

  /** 1 where this is less, else 0; no gradient flows through it. */
  public Tensor less(Tensor other) {
    return other.greater(self());
  }

  /** 1 where this is less than a number, else 0; no gradient flows through it. */
  public Tensor less(double number) {
    return less(trace().constant(number));
  }

  /** 1 where this is greater or equal, else 0; no gradient flows through it. */
  public Tensor greaterEqual(Tensor other) {
    return greater(other).add(equal(other));
  }

  /** 1 where this is at least a number, else 0; no gradient flows through it. */
  public Tensor greaterEqual(double number) {
    return greaterEqual(trace().constant(number));
  }

  /** 1 where this is less or equal, else 0; no gradient flows through it. */
  public Tensor lessEqual(Tensor other) {
    return other.greaterEqual(self());
  }

  /** 1 where this is at most a number, else 0; no gradient flows through it. */
  public Tensor lessEqual(double number) {
    return lessEqual(trace().constant(number));
  }

  /** 1 where the elements differ, as NaN does from itself, else 0; no gradient. Also for i32. */
  public Tensor notEqual(Tensor other) {
    return trace().constant(1).sub(equal(other));
  }

  /** 1 where this is not equal to a number, as NaN never is, else 0; no gradient. */
  public Tensor notEqual(double number) {
    return notEqual(trace().constant(number));
  }

  /**
   * {@code ifTrue} where this is not zero, else {@code ifFalse}; the condition gets none of the
   * gradient.
   */
  public Tensor select(Tensor ifTrue, Tensor ifFalse) {
    return apply(Kind.SELECT, ifTrue, ifFalse);
  }

  private Tensor self() {
    return (Tensor) this;
  }

  private Tensor apply(Kind kind, Tensor... others) {
    return trace().add(new Elementwise(kind), with(others)).get(0);
  }

  /** This and other tensors. */
  final Tensor[] with(Tensor... others) {
    Tensor[] operands = new Tensor[others.length + 1];
    operands[0] = self();
    System.arraycopy(others, 0, operands, 1, others.length);
    return operands;
  }
}
