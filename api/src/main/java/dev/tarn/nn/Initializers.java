package dev.tarn.nn;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.internal.RandomStream;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;

/**
 * Initializers by name.
 *
 * <p>Weights are {@code [out, in, ...]}: the fan-in is the extent of all axes but the first, inputs
 * per unit; the fan-out is the extent of all axes but the second. A vector has a fan-in of 1.
 */
public final class Initializers {
  /** The gain for a layer before a ReLU: the square root of 2 (He et al. 2015). */
  public static final double RELU_GAIN = StrictMath.sqrt(2);

  private static final double TRUNCATED_AT = 2;

  /** What a variance is scaled by: {@code gain^2 / fan}. */
  public enum Fan {
    /** Inputs per unit: keeps the variance of what goes forward. */
    IN,
    /** Outputs per input: keeps the variance of what comes back. */
    OUT,
    /** Their mean. */
    MEAN
  }

  private Initializers() {}

  /** All zeros. */
  public static Initializer zeros() {
    return (shape, seed, path) -> HostTensor.zeros(Spec.f32(shape));
  }

  /** All the same number. */
  public static Initializer constant(double value) {
    return (shape, seed, path) -> {
      float[] values = new float[shape.intSize()];
      Arrays.fill(values, (float) value);
      return HostTensor.of(values, shape);
    };
  }

  /** Uniform in {@code [-bound, bound)}. */
  public static Initializer uniform(double bound) {
    return draw(random -> bound * (2 * random.nextDouble() - 1));
  }

  /** Normal with mean 0. */
  public static Initializer normal(double standardDeviation) {
    return draw(random -> standardDeviation * random.nextGaussian());
  }

  /**
   * Normal with mean 0, drawn again where it is more than two standard deviations off.
   *
   * @param standardDeviation of the normal distribution that is truncated
   */
  public static Initializer truncatedNormal(double standardDeviation) {
    return draw(
        random -> {
          double value = random.nextGaussian();
          while (Math.abs(value) > TRUNCATED_AT) {
            value = random.nextGaussian();
          }
          return standardDeviation * value;
        });
  }

  /** Uniform with standard deviation {@code gain / sqrt(fan)}. */
  public static Initializer scaledUniform(Fan fan, double gain) {
    return (shape, seed, path) ->
        uniform(StrictMath.sqrt(3.0) * deviation(fan, gain, shape)).create(shape, seed, path);
  }

  /** Normal with standard deviation {@code gain / sqrt(fan)}. */
  public static Initializer scaledNormal(Fan fan, double gain) {
    return (shape, seed, path) -> normal(deviation(fan, gain, shape)).create(shape, seed, path);
  }

  /** Uniform with bound {@code gain sqrt(6 / (fan_in + fan_out))} (Glorot and Bengio 2010). */
  public static Initializer xavierUniform(double gain) {
    return scaledUniform(Fan.MEAN, gain);
  }

  /** Normal with deviation {@code gain sqrt(2 / (fan_in + fan_out))} (Glorot and Bengio 2010). */
  public static Initializer xavierNormal(double gain) {
    return scaledNormal(Fan.MEAN, gain);
  }

  /** Uniform with bound {@code sqrt(6 / fan_in)} (He et al. 2015), for layers before a ReLU. */
  public static Initializer heUniform() {
    return scaledUniform(Fan.IN, RELU_GAIN);
  }

  /** Normal with deviation {@code sqrt(2 / fan_in)} (He et al. 2015), for layers before a ReLU. */
  public static Initializer heNormal() {
    return scaledNormal(Fan.IN, RELU_GAIN);
  }

  /** Uniform with bound {@code sqrt(3 / fan_in)} (LeCun et al. 1998). */
  public static Initializer lecunUniform() {
    return scaledUniform(Fan.IN, 1);
  }

  /** Normal with deviation {@code 1 / sqrt(fan_in)} (LeCun et al. 1998). */
  public static Initializer lecunNormal() {
    return scaledNormal(Fan.IN, 1);
  }

  /** Uniform with bound {@code 1 / sqrt(fan_in)}: what PyTorch's Linear starts with. */
  public static Initializer fanInUniform() {
    return (shape, seed, path) ->
        uniform(1 / StrictMath.sqrt(fan(Fan.IN, shape))).create(shape, seed, path);
  }

  /**
   * A random matrix {@code [out, in...]} with orthonormal rows, or columns if there are fewer of
   * them, times a gain (Saxe, McClelland and Ganguli 2014).
   */
  public static Initializer orthogonal(double gain) {
    return new Orthogonal(gain);
  }

  private static double deviation(Fan fan, double gain, Shape shape) {
    return gain / StrictMath.sqrt(fan(fan, shape));
  }

  private static double fan(Fan fan, Shape shape) {
    double in = shape.rank() == 0 ? 1 : shape.withoutFirst().size();
    double out = shape.rank() < 2 ? shape.size() : shape.size() / Math.max(1, shape.dim(1));
    double value =
        switch (fan) {
          case IN -> in;
          case OUT -> out;
          case MEAN -> (in + out) / 2;
        };
    return Math.max(1, value);
  }

  private static Initializer draw(ToDoubleFunction<RandomStream> next) {
    return (shape, seed, path) -> {
      RandomStream random = new RandomStream(seed, "init/" + path);
      float[] values = new float[shape.intSize()];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) next.applyAsDouble(random);
      }
      return HostTensor.of(values, shape);
    };
  }
}
