package dev.tarn.data;

import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset.Split;
import dev.tarn.internal.RandomStream;

/** A split in which every class has the shares of the whole, but for rounding. */
final class Stratified {
  private static final int BATCH = 1024;

  private Stratified() {}

  static Split split(Dataset data, double train, double validation, double test, long seed) {
    if (data.classes() == 0 || data.targets().size() != 1) {
      throw new TarnException("split: only examples of classes can be stratified");
    }
    int[] labels = labels(data);
    int[] order = new RandomStream(seed, "split").permutation(labels.length);
    // of each class one after the other, the shares so far rounded: no class loses by rounding
    int[] total = new int[data.classes()];
    for (int label : labels) {
      total[label]++;
    }
    int[] seen = new int[data.classes()];
    int[] part = new int[labels.length];
    int[] sizes = new int[3];
    for (int i = 0; i < order.length; i++) {
      int label = labels[order[i]];
      int rank = seen[label]++;
      part[i] =
          rank < Math.rint(total[label] * train)
              ? 0
              : rank < Math.rint(total[label] * (train + validation)) ? 1 : 2;
      sizes[part[i]]++;
    }
    if (sizes[0] == 0 || (validation > 0 && sizes[1] == 0) || (test > 0 && sizes[2] == 0)) {
      throw new TarnException(
          String.format(
              "split: of every class of %d examples its shares, %d are for training, %d for"
                  + " validation and %d for testing; too few: make the shares larger, or do not"
                  + " stratify",
              labels.length, sizes[0], sizes[1], sizes[2]));
    }
    return new Split(
        data.subset(chosen(order, part, 0, sizes)),
        data.subset(chosen(order, part, 1, sizes)),
        data.subset(chosen(order, part, 2, sizes)));
  }

  private static int[] chosen(int[] order, int[] part, int wanted, int[] sizes) {
    int[] out = new int[sizes[wanted]];
    int count = 0;
    for (int i = 0; i < order.length; i++) {
      if (part[i] == wanted) {
        out[count++] = order[i];
      }
    }
    return out;
  }

  /** The label of every example. */
  static int[] labels(Dataset data) {
    int[] labels = new int[data.size()];
    Batches batches = new Batches(data, BATCH, false);
    batches.startEpoch(0, 0);
    int at = 0;
    for (int i = 0; i < batches.count(); i++) {
      Batch batch = batches.load(i);
      System.arraycopy(batch.target().ints(), 0, labels, at, batch.size());
      at += batch.size();
    }
    for (int label : labels) {
      if (label < 0 || label >= data.classes()) {
        throw new TarnException(
            "split: an example has label " + label + ", none of the classes; do not stratify");
      }
    }
    return labels;
  }
}
