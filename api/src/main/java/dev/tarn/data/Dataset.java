package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.internal.RandomStream;
import java.util.Arrays;

/** Examples with targets, class labels or numbers, accessible by index; all of one shape. */
public interface Dataset {
  /** The number of examples. */
  int size();

  /** The shape of one example's features, without a batch axis. */
  Shape featureShape();

  /** One example's target, without a batch axis: i32 {@code []} for a class label, or numbers. */
  default Spec targetSpec() {
    return Spec.i32();
  }

  /** The number of classes, whose labels are 0 to this minus 1; 0 where targets are numbers. */
  int classes();

  /**
   * Copies examples into a batch.
   *
   * @param indices which examples
   * @param from the first entry of {@code indices} to use
   * @param features receives f32 {@code [n, ...featureShape]}; n examples are copied
   * @param targets receives i32 {@code [n]}, or f32 {@code [n, ...]}
   */
  void gather(int[] indices, int from, HostTensor features, HostTensor targets);

  /** Some of the examples, in the given order. */
  default Dataset subset(int[] chosen) {
    return new Subset(this, chosen);
  }

  /**
   * Three disjoint parts, drawn at random; the shares of a class vary by chance.
   *
   * @param train the share of the first part; the shares must add up to 1
   * @param seed the seed of the draw: the same seed gives the same parts
   * @throws TarnException if the shares do not add up to 1 or a part with a share is empty
   */
  default Split split(double train, double validation, double test, long seed) {
    if (train <= 0
        || validation < 0
        || test < 0
        || Math.abs(train + validation + test - 1) > 1e-6) {
      throw new TarnException(
          "split: the shares must be positive and add up to 1: "
              + train
              + ", "
              + validation
              + ", "
              + test);
    }
    int[] order = new RandomStream(seed, "split").permutation(size());
    int testFrom = (int) Math.rint(size() * (train + validation));
    int validationFrom = (int) Math.rint(size() * train);
    if (validationFrom == 0
        || (validation > 0 && testFrom == validationFrom)
        || (test > 0 && testFrom == size())) {
      throw new TarnException("split: " + size() + " examples are too few for the shares");
    }
    return new Split(
        subset(Arrays.copyOfRange(order, 0, validationFrom)),
        subset(Arrays.copyOfRange(order, validationFrom, testFrom)),
        subset(Arrays.copyOfRange(order, testFrom, size())));
  }

  /** Batches of a size, shuffled anew each epoch; the last may be smaller. */
  default Batches batch(int batchSize) {
    return new Batches(this, batchSize, true);
  }

  /** Three parts of a data set. */
  record Split(Dataset train, Dataset validation, Dataset test) {}
}
