package dev.tarn.testkit;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.internal.RandomStream;

/** Makes the data of one input of a case; the same random stream gives the same data. */
@FunctionalInterface
public interface Fill {
  /**
   * The data of an input.
   *
   * @param spec element type and shape
   * @param random where random numbers come from
   * @param step the number of the run, from 1
   */
  HostTensor make(Spec spec, RandomStream random, int step);

  /** One element of an f32 input. */
  @FunctionalInterface
  interface Element {
    /** The element at a flat index. */
    double at(int index, RandomStream random);
  }

  /** Elements computed one by one, rounded to the input's element type. */
  static Fill each(Element element) {
    return (spec, random, step) -> {
      HostTensor tensor = HostTensor.zeros(spec);
      for (int i = 0; i < tensor.size(); i++) {
        tensor.set(i, element.at(i, random));
      }
      return tensor;
    };
  }

  /** Normally distributed numbers around zero. */
  static Fill normal(double deviation) {
    return each((i, random) -> deviation * random.nextGaussian());
  }

  /** Numbers between two bounds. */
  static Fill uniform(double low, double high) {
    return each((i, random) -> low + (high - low) * random.nextDouble());
  }

  /** Numbers of both signs whose magnitude is between 0.25 and 2: away from kinks and poles. */
  static Fill awayFromZero() {
    return each(
        (i, random) -> {
          double magnitude = 0.25 + 1.75 * random.nextDouble();
          return random.nextInt(2) == 0 ? magnitude : -magnitude;
        });
  }

  /**
   * Multiples of 0.25 from -2 to 2, all moved by an offset: two inputs with one offset have many
   * ties, two with offsets 0.125 apart have none.
   */
  static Fill grid(double offset) {
    return each((i, random) -> 0.25 * (random.nextInt(17) - 8) + offset);
  }

  /** Numbers between -2 and 2 of which no two are equal, in random order. */
  static Fill distinct() {
    return (spec, random, step) -> {
      HostTensor tensor = HostTensor.zeros(spec);
      int[] order = random.permutation(tensor.size());
      for (int i = 0; i < order.length; i++) {
        tensor.set(i, 4.0 * (order[i] + 0.5) / order.length - 2);
      }
      return tensor;
    };
  }

  /** The given numbers, again and again until the input is full. */
  static Fill cycle(double... values) {
    return each((i, random) -> values[i % values.length]);
  }

  /** Whole numbers from 0 to {@code bound - 1}. */
  static Fill below(int bound) {
    return each((i, random) -> random.nextInt(bound));
  }

  /** Random integers of all 32 bits. */
  static Fill bits() {
    return (spec, random, step) -> {
      HostTensor tensor = HostTensor.zeros(spec);
      for (int i = 0; i < tensor.size(); i++) {
        tensor.ints()[i] = random.nextInt();
      }
      return tensor;
    };
  }

  /** The number of the run. */
  static Fill step() {
    return (spec, random, step) -> {
      HostTensor tensor = HostTensor.zeros(spec);
      tensor.set(0, step);
      return tensor;
    };
  }

  /** This data with one element replaced, in one run only. */
  default Fill but(int index, float value, int onlyAtStep) {
    return (spec, random, step) -> {
      HostTensor tensor = make(spec, random, step);
      if (step == onlyAtStep) {
        tensor.set(index, value);
      }
      return tensor;
    };
  }

  /** This data with some elements replaced. */
  default Fill but(int[] indices, float value) {
    return (spec, random, step) -> {
      HostTensor tensor = make(spec, random, step);
      for (int index : indices) {
        tensor.set(index, value);
      }
      return tensor;
    };
  }
}
