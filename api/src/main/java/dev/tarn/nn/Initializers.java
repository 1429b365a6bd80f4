package dev.tarn.nn;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.internal.RandomStream;
import java.util.function.ToDoubleFunction;

/** Initializers by name. The fan-in is the extent of all axes but the first: inputs per unit. */
public final class Initializers {
  private Initializers() {}

  /** All zeros. */
  public static Initializer zeros() {
    return (shape, seed, path) -> HostTensor.zeros(Spec.f32(shape));
  }

  /** The same number everywhere. */
  public static Initializer constant(double value) {
    return draw(random -> value);
  }

  /** Uniform in {@code [-bound, bound)}. */
  public static Initializer uniform(double bound) {
    return draw(random -> bound * (2 * random.nextDouble() - 1));
  }

  /** Normal with mean 0. */
  public static Initializer normal(double standardDeviation) {
    return draw(random -> standardDeviation * random.nextGaussian());
  }

  /** Uniform with bound {@code sqrt(6 / fan_in)} (He et al. 2015), for layers before a ReLU. */
  public static Initializer heUniform() {
    return (shape, seed, path) ->
        uniform(StrictMath.sqrt(6.0 / fanIn(shape))).create(shape, seed, path);
  }

  /** Normal with deviation {@code sqrt(2 / fan_in)} (He et al. 2015), for layers before a ReLU. */
  public static Initializer heNormal() {
    return (shape, seed, path) ->
        normal(StrictMath.sqrt(2.0 / fanIn(shape))).create(shape, seed, path);
  }

  /** Uniform with bound {@code 1 / sqrt(fan_in)}: what PyTorch's Linear starts with. */
  public static Initializer fanInUniform() {
    return (shape, seed, path) ->
        uniform(1 / StrictMath.sqrt(fanIn(shape))).create(shape, seed, path);
  }

  private static int fanIn(Shape shape) {
    return (int) Math.max(1, shape.rank() == 0 ? 1 : shape.withoutFirst().size());
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
