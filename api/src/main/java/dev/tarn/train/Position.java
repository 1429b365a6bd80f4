package dev.tarn.train;

import dev.tarn.TarnException;

/**
 * Where a training is.
 *
 * @param step the number of steps done
 * @param batches the number of batches in an epoch, 0 if no batch was seen yet
 * @param examples the number of examples done in the current epoch
 * @param sums the sums of loss and metrics over them
 */
record Position(long step, int batches, long examples, double[] sums) {
  static Position start(int sums) {
    return new Position(0, 0, 0, new double[sums]);
  }

  /** This position in a training with so many batches an epoch. */
  Position of(int batchesPerEpoch) {
    if (step > 0 && batches != batchesPerEpoch) {
      throw new TarnException(
          "fit: the training had "
              + batches
              + " batches an epoch so far, now there are "
              + batchesPerEpoch
              + ": go on with the same data and batch size");
    }
    return new Position(step, batchesPerEpoch, examples, sums);
  }

  Position next(int batch) {
    return new Position(step + 1, batches, examples + batch, sums);
  }

  Position nextEpoch() {
    return new Position(step, batches, 0, new double[sums.length]);
  }

  Position plus(double[] more) {
    double[] total = sums.clone();
    for (int i = 0; i < total.length; i++) {
      total[i] += more[i];
    }
    return new Position(step, batches, examples, total);
  }
}
