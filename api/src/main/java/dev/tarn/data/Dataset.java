package dev.tarn.data;

import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import dev.tarn.internal.RandomStream;
import java.util.Arrays;
import java.util.List;

/**
 * Examples accessible by index, all of one shape.
 *
 * <p>An example has one or several features, which are a model's inputs: f32 or, for instance for
 * an embedding, i32. It has any number of targets: class labels i32, or numbers f32.
 */
public interface Dataset {
  /** The number of examples. */
  int size();

  /** One example's features, without a batch axis: f32 or i32, at least one. */
  List<Spec> features();

  /** One example's targets, without a batch axis: i32 {@code []} for a class label, or numbers. */
  default List<Spec> targets() {
    return List.of(Spec.i32());
  }

  /**
   * The number of classes of the first target, whose labels are 0 to this minus 1; 0 where it is
   * numbers.
   */
  int classes();

  /**
   * Copies examples into a batch, as many as the batch has. Several threads may call it at once.
   *
   * @param indices which examples
   * @param from the first entry of {@code indices} to use
   * @param batch receives them: tensors of {@link #features} and {@link #targets} with a batch axis
   */
  void gather(int[] indices, int from, Batch batch);

  /**
   * The shape of an example's only features.
   *
   * @throws TarnException if there are several
   */
  default Shape featureShape() {
    return Batches.only(features(), "features").shape();
  }

  /**
   * An example's only target.
   *
   * @throws TarnException if there is none, or there are several
   */
  default Spec targetSpec() {
    return Batches.only(targets(), "targets");
  }

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
    checkShares(train, validation, test);
    int[] order = new RandomStream(seed, "split").permutation(size());
    int testFrom = (int) Math.rint(size() * (train + validation));
    int validationFrom = (int) Math.rint(size() * train);
    if (validationFrom == 0
        || (validation > 0 && testFrom == validationFrom)
        || (test > 0 && testFrom == size())) {
      throw new TarnException(
          String.format(
              "split: of %d examples %d are for training, %d for validation and %d for testing;"
                  + " too few: make the shares larger, or some of them 0",
              size(), validationFrom, testFrom - validationFrom, size() - testFrom));
    }
    return new Split(
        subset(Arrays.copyOfRange(order, 0, validationFrom)),
        subset(Arrays.copyOfRange(order, validationFrom, testFrom)),
        subset(Arrays.copyOfRange(order, testFrom, size())));
  }

  /**
   * Three disjoint parts, drawn at random, in which every class has the shares, but for rounding.
   *
   * @throws TarnException if the shares do not add up to 1, a part with a share is empty, or the
   *     target is not one class
   */
  default Split stratifiedSplit(double train, double validation, double test, long seed) {
    checkShares(train, validation, test);
    return Stratified.split(this, train, validation, test, seed);
  }

  /** Batches of a size, shuffled anew each epoch; the last may be smaller. */
  default Batches batch(int batchSize) {
    return new Batches(this, batchSize, true);
  }

  private static void checkShares(double train, double validation, double test) {
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
  }

  /** Three parts of a data set. */
  record Split(Dataset train, Dataset validation, Dataset test) {}
}
