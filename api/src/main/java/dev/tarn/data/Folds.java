package dev.tarn.data;

import dev.tarn.TarnException;
import dev.tarn.data.Dataset.Split;
import dev.tarn.internal.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts a data set into parts of equal size, each of which is the validation part once, all others
 * together being the training part (k-fold cross-validation; Stone 1974).
 */
public final class Folds {
  private Folds() {}

  /**
   * The folds, drawn at random; sizes differ by one at most. Where an example has one class, every
   * class is spread over the folds as evenly as it can be.
   *
   * @param count the number of folds, at least 2
   * @param seed the seed of the draw: the same seed gives the same folds
   * @return for each fold its training and validation part; the test parts are empty
   * @throws TarnException if there are fewer examples than folds
   */
  public static List<Split> of(Dataset data, int count, long seed) {
    if (count < 2 || count > data.size()) {
      throw new TarnException(
          "folds: from 2 to as many as examples (" + data.size() + "), not " + count);
    }
    int[] order = new RandomStream(seed, "folds").permutation(data.size());
    if (data.classes() > 0 && data.targets().size() == 1) {
      order = byClass(order, Stratified.labels(data), data.classes());
    }
    List<Split> folds = new ArrayList<>();
    for (int fold = 0; fold < count; fold++) {
      int[] validation = new int[(order.length - fold - 1) / count + 1];
      int[] train = new int[order.length - validation.length];
      int trained = 0;
      for (int i = 0; i < order.length; i++) {
        if (i % count == fold) {
          validation[i / count] = order[i];
        } else {
          train[trained++] = order[i];
        }
      }
      folds.add(new Split(data.subset(train), data.subset(validation), data.subset(new int[0])));
    }
    return folds;
  }

  /** The examples in order, those of a class one after another. */
  private static int[] byClass(int[] order, int[] labels, int classes) {
    int[] from = new int[classes + 1];
    for (int label : labels) {
      from[label + 1]++;
    }
    Arrays.parallelPrefix(from, Integer::sum);
    int[] sorted = new int[order.length];
    for (int example : order) {
      sorted[from[labels[example]]++] = example;
    }
    return sorted;
  }
}
