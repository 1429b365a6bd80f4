package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Tensor;
import java.util.function.UnaryOperator;

/** An element-wise function, or any other function without parameters, as a module. */
public final class Activation extends Module {
  private final String kind;
  private final UnaryOperator<Tensor> function;

  private Activation(String kind, UnaryOperator<Tensor> function) {
    this.kind = kind;
    this.function = function;
  }

  /** A module that applies a function. */
  public static Activation of(UnaryOperator<Tensor> function) {
    return new Activation("Activation", function);
  }

  /**
   * A module that applies a function.
   *
   * @param kind what tables of layers and messages call it, such as {@code "Relu"}
   */
  public static Activation of(String kind, UnaryOperator<Tensor> function) {
    return new Activation(kind, function);
  }

  @Override
  public String kind() {
    return kind;
  }

  /** {@code max(x, 0)}. */
  public static Activation relu() {
    return of("Relu", Tensor::relu);
  }

  /** The hyperbolic tangent. */
  public static Activation tanh() {
    return of("Tanh", Tensor::tanh);
  }

  /** {@code 1 / (1 + e^-x)}. */
  public static Activation sigmoid() {
    return of("Sigmoid", Tensor::sigmoid);
  }

  /** {@code x > 0 ? x : slope x}; see {@link Activations#leakyRelu}. */
  public static Activation leakyRelu(double slope) {
    return of("LeakyRelu", x -> Activations.leakyRelu(x, slope));
  }

  /** {@code x > 0 ? x : alpha (e^x - 1)}; see {@link Activations#elu}. */
  public static Activation elu(double alpha) {
    return of("Elu", x -> Activations.elu(x, alpha));
  }

  /** {@code x > 0 ? x : alpha (e^(x/alpha) - 1)}; see {@link Activations#celu}. */
  public static Activation celu(double alpha) {
    return of("Celu", x -> Activations.celu(x, alpha));
  }

  /** {@code 1.0507 elu(x, 1.6733)}; see {@link Activations#selu}. */
  public static Activation selu() {
    return of("Selu", Activations::selu);
  }

  /** {@code min(max(x, 0), 6)}; see {@link Activations#relu6}. */
  public static Activation relu6() {
    return of("Relu6", Activations::relu6);
  }

  /** {@code min(max(x, -1), 1)}; see {@link Activations#hardTanh}. */
  public static Activation hardTanh() {
    return of("HardTanh", Activations::hardTanh);
  }

  /** {@code min(max(x + 3, 0), 6) / 6}; see {@link Activations#hardSigmoid}. */
  public static Activation hardSigmoid() {
    return of("HardSigmoid", Activations::hardSigmoid);
  }

  /** {@code x hardSigmoid(x)}; see {@link Activations#hardSwish}. */
  public static Activation hardSwish() {
    return of("HardSwish", Activations::hardSwish);
  }

  /** {@code x (1 + erf(x / sqrt(2))) / 2}; see {@link Activations#gelu}. */
  public static Activation gelu() {
    return of("Gelu", Activations::gelu);
  }

  /** {@code x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2}; see {@link Activations#geluTanh}. */
  public static Activation geluTanh() {
    return of("GeluTanh", Activations::geluTanh);
  }

  /** {@code x sigmoid(x)}; see {@link Activations#silu}. */
  public static Activation silu() {
    return of("Silu", Activations::silu);
  }

  /** {@code x tanh(softplus(x))}; see {@link Activations#mish}. */
  public static Activation mish() {
    return of("Mish", Activations::mish);
  }

  /** {@code log(1 + e^x)}; see {@link Activations#softplus}. */
  public static Activation softplus() {
    return of("Softplus", Activations::softplus);
  }

  /** {@code log(sigmoid(x))}; see {@link Activations#logSigmoid}. */
  public static Activation logSigmoid() {
    return of("LogSigmoid", Activations::logSigmoid);
  }

  /** {@code x / (1 + |x|)}; see {@link Activations#softsign}. */
  public static Activation softsign() {
    return of("Softsign", Activations::softsign);
  }

  /** 1 where {@code x > 0}, else 0; no gradient flows through it. */
  public static Activation step() {
    return of("Step", Activations::step);
  }

  /** The largest of each group of channels: {@code [N, C, ...] -> [N, C/group, ...]}. */
  public static Activation maxout(int group) {
    return of("Maxout", x -> Activations.maxout(x, group));
  }

  /** {@code exp(x) / sum(exp(x))} along the last axis. */
  public static Activation softmax() {
    return of("Softmax", Tensor::softmax);
  }

  /** {@code log(softmax(x))} along the last axis. */
  public static Activation logSoftmax() {
    return of("LogSoftmax", Tensor::logSoftmax);
  }

  /** Every example as a vector: {@code [N, ...] -> [N, D]}. */
  public static Activation flatten() {
    return of("Flatten", Tensor::flatten);
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> function.apply(x));
  }
}
