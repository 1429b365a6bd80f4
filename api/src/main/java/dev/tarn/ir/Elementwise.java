package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A function applied element by element to operands that broadcast as in NumPy.
 *
 * <p>Operands are f32 or bf16, in any mixture; bf16 is widened, the function is computed in f32,
 * and the result rounded to its type. {@link Kind#EQUAL} also compares i32 operands; its result is
 * a float all the same.
 *
 * @param kind the function
 * @param result the element type of the result, f32 or bf16
 */
public record Elementwise(Kind kind, DType result) implements Op {
  /** A function with an f32 result. */
  public Elementwise(Kind kind) {
    this(kind, DType.F32);
  }

  /** The functions. */
  public enum Kind {
    /** {@code -x}. */
    NEG(1),
    /** {@code |x|}. */
    ABS(1),
    /** {@code e^x}. */
    EXP(1),
    /** The natural logarithm. */
    LOG(1),
    /** The square root. */
    SQRT(1),
    /** The hyperbolic tangent. */
    TANH(1),
    /** {@code 1 / (1 + e^-x)}. */
    SIGMOID(1),
    /** {@code max(x, 0)}; NaN stays NaN. */
    RELU(1),
    /** {@code a + b}. */
    ADD(2),
    /** {@code a - b}. */
    SUB(2),
    /** {@code a * b}. */
    MUL(2),
    /** {@code a / b}. */
    DIV(2),
    /** The larger; NaN if either is NaN. */
    MAXIMUM(2),
    /** The smaller; NaN if either is NaN. */
    MINIMUM(2),
    /** 1 where {@code a > b}, else 0. */
    GREATER(2),
    /** 1 where {@code a == b}, else 0. */
    EQUAL(2),
    /** {@code a != 0 ? b : c}: the operand that is not chosen has no influence, not even a NaN. */
    SELECT(3),
    /** -1, 0 or 1 by the sign; zeros and NaN stay what they are. */
    SIGN(1),
    /** The error function, {@code 2/sqrt(pi)} times the integral of {@code e^-t^2} from 0 to x. */
    ERF(1),
    /** {@code e^x - 1}, accurate near zero. */
    EXPM1(1),
    /** {@code log(1 + x)}, accurate near zero. */
    LOG1P(1),
    /** {@code 1 / sqrt(x)}. */
    RSQRT(1),
    /**
     * {@code a^b} as in IEEE 754 and C: 1 if {@code b} is 0 or {@code a} is 1, whatever the other
     * is, also NaN; else NaN if either is NaN, or if {@code a} is finite and below 0 and {@code b}
     * is not a whole number.
     */
    POW(2),
    /** The largest whole number that is not greater. */
    FLOOR(1),
    /** The smallest whole number that is not less. */
    CEIL(1),
    /** The nearest whole number; of two equally near the even one. */
    ROUND(1);

    private final int arity;

    Kind(int arity) {
      this.arity = arity;
    }

    /** The number of operands. */
    public int arity() {
      return arity;
    }
  }

  @Override
  public String name() {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, kind.arity);
    Shape shape = inputs.get(0).shape();
    for (Spec input : inputs) {
      boolean ints = kind == Kind.EQUAL && inputs.get(0).dtype() == DType.I32;
      if (ints ? input.dtype() != DType.I32 : !input.dtype().isFloat()) {
        throw new ShapeException(name() + ": element types do not fit: " + inputs);
      }
      shape = Shape.broadcast(name(), shape, input.shape());
    }
    return List.of(new Spec(result, shape));
  }

  /** The function of one element; unused operands are ignored. The specification in double. */
  public double apply(double a, double b, double c) {
    return switch (kind) {
      case NEG -> -a;
      case ABS -> Math.abs(a);
      case EXP -> StrictMath.exp(a);
      case LOG -> StrictMath.log(a);
      case SQRT -> Math.sqrt(a);
      case TANH -> StrictMath.tanh(a);
      case SIGMOID -> 1 / (1 + StrictMath.exp(-a));
      case RELU -> Math.max(a, 0.0);
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
      case MAXIMUM -> Math.max(a, b);
      case MINIMUM -> Math.min(a, b);
      case GREATER -> a > b ? 1 : 0;
      case EQUAL -> a == b ? 1 : 0;
      case SELECT -> a != 0 ? b : c;
      case SIGN -> Math.signum(a);
      case ERF -> ErrorFunction.erf(a);
      case EXPM1 -> StrictMath.expm1(a);
      case LOG1P -> StrictMath.log1p(a);
      case RSQRT -> 1 / Math.sqrt(a);
      case POW -> pow(a, b);
      case FLOOR -> Math.floor(a);
      case CEIL -> Math.ceil(a);
      case ROUND -> Math.rint(a);
    };
  }

  /** Java's power, but for two cases in which it is NaN and that of IEEE 754 is 1. */
  private static double pow(double a, double b) {
    return a == 1 || (a == -1 && Double.isInfinite(b)) ? 1 : StrictMath.pow(a, b);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Elementwise elementwise
        && kind == elementwise.kind
        && result == elementwise.result;
  }

  @Override
  public int hashCode() {
    return 31 * kind.ordinal() + result.ordinal();
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
