package dev.tarn.transform;

import dev.tarn.Tensor;

/** The gradients of {@code a^b}; where their formulas are 0 times infinity they are 0. */
final class PowerGradient {
  private PowerGradient() {}

  /** {@code g b a^(b-1)}; 0 where {@code b} is 0. */
  static Tensor byBase(Tensor g, Tensor a, Tensor b) {
    Tensor zero = a.trace().constant(0);
    return b.equal(zero).select(zero, g.mul(b.mul(a.pow(b.sub(1)))));
  }

  /** {@code g a^b log(a)}; 0 where {@code a} is 0 and {@code b} is not negative. */
  static Tensor byExponent(Tensor g, Tensor a, Tensor b, Tensor power) {
    Tensor zero = a.trace().constant(0);
    Tensor flat = a.equal(zero).mul(b.greaterEqual(zero));
    return flat.select(zero, g.mul(power.mul(a.log())));
  }
}
