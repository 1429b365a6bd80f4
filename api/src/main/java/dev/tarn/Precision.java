package dev.tarn;

import java.util.Locale;

/**
 * How exactly matrix products and convolutions are computed, and what activations are stored in.
 *
 * <p>Parameters, optimizer moments, sums and losses are f32 whatever the precision is. What it
 * means on each backend is in {@code docs/precision.md}.
 */
public enum Precision {
  /** Everything in 32 bits. */
  FP32,
  /** Operands of products are rounded to 10 mantissa bits, which tensor cores multiply fast. */
  TF32,
  /** Mixed precision: products, and the activations between them, in bf16. */
  BF16;

  /** The name in run files and checkpoints: {@code fp32}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
