package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.internal.Rounding;
import java.util.Locale;

/**
 * In which formats a {@link Product} multiplies. Its sums are f32 in every case; the result is
 * rounded once, at the end.
 */
public enum Arithmetic {
  /** f32 operands, f32 result. */
  F32(DType.F32, DType.F32),
  /**
   * f32 operands, rounded to tf32 before they are multiplied ({@link Rounding#tf32}), f32 result.
   */
  TF32(DType.F32, DType.F32),
  /**
   * f32 operands, rounded to bf16 before they are multiplied ({@link Rounding#bf16}), f32 result.
   */
  BF16_MATH(DType.F32, DType.F32),
  /** bf16 operands, bf16 result. */
  BF16(DType.BF16, DType.BF16),
  /** bf16 operands, f32 result: for gradients of parameters, and what losses read. */
  BF16_TO_F32(DType.BF16, DType.F32);

  private final DType operands;
  private final DType result;

  Arithmetic(DType operands, DType result) {
    this.operands = operands;
    this.result = result;
  }

  /** The element type of both operands. */
  public DType operands() {
    return operands;
  }

  /** The element type of the result. */
  public DType result() {
    return result;
  }

  /** What is multiplied for an element of an operand. */
  public double round(double element) {
    return switch (this) {
      case TF32 -> Rounding.tf32((float) element);
      case BF16_MATH -> Rounding.bf16((float) element);
      case F32, BF16, BF16_TO_F32 -> element;
    };
  }

  /** As attribute of a printed operation; empty for f32. */
  @Override
  public String toString() {
    return this == F32 ? "" : name().toLowerCase(Locale.ROOT);
  }
}
