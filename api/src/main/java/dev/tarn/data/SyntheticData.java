package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.internal.RandomStream;

/**
 * Random numbers in the shape of a data set, for measuring speed: there is nothing to learn in
 * them.
 */
public final class SyntheticData {
  private static final String NAME = "synthetic";

  private SyntheticData() {}

  /**
   * Features from the standard normal distribution with classes drawn at random, the same each
   * time.
   *
   * @param shape one example's features
   * @throws TarnException if the features are more than one array holds
   */
  public static DataSource classes(Shape shape, int examples, int classes) {
    long size = shape.size() * examples;
    if (size > Integer.MAX_VALUE - 8) {
      throw new TarnException(
          "synthetic: " + examples + " examples of " + shape + " are more than 8 GB; take fewer");
    }
    RandomStream random = new RandomStream(0, NAME);
    HostTensor features = HostTensor.zeros(Spec.f32(shape.prepend(examples)));
    float[] values = features.floats();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    int[] labels = new int[examples];
    for (int i = 0; i < examples; i++) {
      labels[i] = random.nextInt(classes);
    }
    return DataSource.of(
        NAME, new ArrayDataset(features, HostTensor.of(labels, examples), classes));
  }
}
