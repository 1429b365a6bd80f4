package dev.tarn.train;

/**
 * Where a training is.
 *
 * @param step the number of steps done
 * @param examples the number of examples done in the current epoch
 * @param sums the sums of loss and metrics over them
 */
record Position(long step, long examples, double[] sums) {
  static Position start(int sums) {
    return new Position(0, 0, new double[sums]);
  }

  Position next(int batch) {
    return new Position(step + 1, examples + batch, sums);
  }

  Position nextEpoch() {
    return new Position(step, 0, new double[sums.length]);
  }

  Position plus(double[] more) {
    double[] total = sums.clone();
    for (int i = 0; i < total.length; i++) {
      total[i] += more[i];
    }
    return new Position(step, examples, total);
  }
}
