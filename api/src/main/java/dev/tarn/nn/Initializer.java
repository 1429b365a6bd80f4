package dev.tarn.nn;

import dev.tarn.HostTensor;
import dev.tarn.Shape;

/** Gives a parameter its values at the start of a training. */
@FunctionalInterface
public interface Initializer {
  /**
   * The initial values; the same arguments give the same values on every machine.
   *
   * @param shape the parameter's shape
   * @param seed the training's seed
   * @param path the parameter's path, which names its stream of random numbers
   */
  HostTensor create(Shape shape, long seed, String path);
}
