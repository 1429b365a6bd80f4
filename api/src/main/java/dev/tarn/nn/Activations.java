package dev.tarn.nn;

import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import java.util.Arrays;

/**
 * Activation functions, in forms that neither overflow nor lose their gradients at large arguments.
 *
 * <p>Values, and derivatives where a function has a kink, are those of PyTorch. NaN stays NaN. The
 * common {@code relu}, {@code tanh}, {@code sigmoid} and {@code softmax} are methods of {@link
 * Tensor}.
 */
public final class Activations {
  /** The constants of {@link #selu}, which make mean 0 and variance 1 a stable fixed point. */
  private static final double SELU_ALPHA = 1.6732632423543772848170429916717;

  private static final double SELU_SCALE = 1.0507009873554804934193349852946;

  /** Beyond this the tangent in {@link #geluTanh} is -1 or 1 in double, and the cube is small. */
  private static final double GELU_END = 20;

  private Activations() {}

  /** {@code x > 0 ? x : slope x} (Maas et al. 2013); the derivative at 0 is {@code slope}. */
  public static Tensor leakyRelu(Tensor x, double slope) {
    return x.greater(0).select(x, x.mul(slope));
  }

  /**
   * {@code x > 0 ? x : alpha (e^x - 1)} (Clevert et al. 2015, equation 15); the derivative at 0 is
   * {@code alpha}.
   */
  public static Tensor elu(Tensor x, double alpha) {
    return elu(x, alpha, 1);
  }

  /**
   * {@code x > 0 ? x : alpha (e^(x/alpha) - 1)}: as {@code elu}, but with a continuous derivative
   * (Barron 2017).
   *
   * @throws ShapeException if {@code alpha} is not positive
   */
  public static Tensor celu(Tensor x, double alpha) {
    if (!(alpha > 0)) {
      throw x.trace().failure("celu: alpha must be positive, not " + alpha);
    }
    return elu(x, alpha, alpha);
  }

  /** The exponential sees no positive number: overflow there would make the gradient NaN. */
  private static Tensor elu(Tensor x, double alpha, double divisor) {
    Tensor positive = x.greater(0);
    Tensor below = positive.select(x.trace().constant(0), x);
    Tensor exponent = divisor == 1 ? below : below.div(divisor);
    return positive.select(x, exponent.expm1().mul(alpha));
  }

  /**
   * {@code 1.0507 elu(x, 1.6733)} (Klambauer et al. 2017): layers with it and with weights of
   * variance {@code 1/in} keep mean 0 and variance 1.
   */
  public static Tensor selu(Tensor x) {
    return elu(x, SELU_ALPHA).mul(SELU_SCALE);
  }

  /** {@code min(max(x, 0), 6)} (Krizhevsky 2010); the derivative at 0 and 6 is 0. */
  public static Tensor relu6(Tensor x) {
    return capped(x.relu(), 6);
  }

  /** {@code min(max(x, -1), 1)}; the derivative at -1 and 1 is 0. */
  public static Tensor hardTanh(Tensor x) {
    Tensor raised = x.lessEqual(-1).select(x.trace().constant(-1), x);
    return capped(raised, 1);
  }

  /** {@code min(max(x + 3, 0), 6) / 6}; the derivative at -3 and 3 is 0. */
  public static Tensor hardSigmoid(Tensor x) {
    return relu6(x.add(3)).div(6);
  }

  /** {@code x hardSigmoid(x)} (Howard et al. 2019); the derivative at -3 is 0 and at 3 it is 1. */
  public static Tensor hardSwish(Tensor x) {
    return x.mul(hardSigmoid(x));
  }

  /** The smaller of each element and a number, without a gradient where they are equal. */
  private static Tensor capped(Tensor x, double cap) {
    return x.greaterEqual(cap).select(x.trace().constant(cap), x);
  }

  /**
   * {@code x (1 + erf(x / sqrt(2))) / 2}: x times the normal distribution's probability of a
   * smaller number (Hendrycks and Gimpel 2016).
   */
  public static Tensor gelu(Tensor x) {
    return x.mul(0.5).mul(x.mul(Math.sqrt(0.5)).erf().add(1));
  }

  /**
   * {@code x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2}, an approximation of {@link #gelu} by
   * the same authors; computed as {@code x sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3))}, which is the
   * same and exact in the lower tail.
   */
  public static Tensor geluTanh(Tensor x) {
    Tensor c = x.clip(-GELU_END, GELU_END);
    Tensor inner = c.add(c.square().mul(c).mul(0.044715));
    return x.mul(inner.mul(2 * Math.sqrt(2 / Math.PI)).sigmoid());
  }

  /** {@code x sigmoid(x)}, also called swish (Elfwing et al. 2017). */
  public static Tensor silu(Tensor x) {
    return x.mul(x.sigmoid());
  }

  /** {@code x tanh(softplus(x))} (Misra 2019). */
  public static Tensor mish(Tensor x) {
    return x.mul(softplus(x).tanh());
  }

  /**
   * {@code log(1 + e^x)} (Dugas et al. 2001), computed as {@code max(x, 0) + log(1 + e^-|x|)}.
   * PyTorch's is {@code x} itself above 20, which differs by less than {@code 2.1e-9}.
   */
  public static Tensor softplus(Tensor x) {
    Tensor zero = x.trace().constant(0);
    Tensor positive = x.greater(0);
    // Choices, not relu and abs: their derivatives at 0 would add up to 0 instead of 1/2.
    Tensor exponent = positive.select(x.neg(), x);
    return positive.select(x, zero).add(exponent.exp().log1p());
  }

  /** {@code log(sigmoid(x)) = -softplus(-x)}. */
  public static Tensor logSigmoid(Tensor x) {
    return softplus(x.neg()).neg();
  }

  /** {@code x / (1 + |x|)} (Bergstra et al. 2009). */
  public static Tensor softsign(Tensor x) {
    return x.div(x.abs().add(1));
  }

  /**
   * Heaviside's step: 1 where {@code x > 0}, else 0. No gradient flows through it, so what is only
   * used through it does not learn.
   */
  public static Tensor step(Tensor x) {
    return x.greater(0);
  }

  /**
   * The largest of each group of neighbouring channels (Goodfellow et al. 2013): {@code [N, C, ...]
   * -> [N, C/group, ...]}; equal elements share the gradient equally.
   *
   * @param group the channels in a group
   * @throws ShapeException if {@code group} is not positive or does not divide the channels
   */
  public static Tensor maxout(Tensor x, int group) {
    int[] dims = x.shape().dims();
    if (group <= 0 || dims.length < 2 || dims[1] % group != 0) {
      throw x.trace().failure("maxout: " + x.shape() + " has no channels in groups of " + group);
    }
    int[] grouped = new int[dims.length + 1];
    grouped[0] = dims[0];
    grouped[1] = dims[1] / group;
    grouped[2] = group;
    System.arraycopy(dims, 2, grouped, 3, dims.length - 2);
    int[] result = Arrays.copyOf(dims, dims.length);
    result[1] = dims[1] / group;
    return x.reshape(grouped).max(2).reshape(result);
  }
}
