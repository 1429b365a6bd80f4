package dev.tarn.train;

/**
 * A step's place among the updates when several batches make one.
 *
 * @param step the number of the step, from 1
 * @param update the number of the update that it is part of, from 1
 * @param first whether it is the update's first step
 * @param last whether it is the last, after which parameters change
 */
record Turn(long step, long update, boolean first, boolean last) {
  /**
   * The place of a step. No update spans two epochs: the last one of an epoch has the batches that
   * are left.
   *
   * @param batches the number of batches in an epoch
   * @param accumulate the number of batches of an update
   */
  static Turn of(long step, long batches, int accumulate) {
    long epoch = (step - 1) / batches;
    long batch = (step - 1) % batches;
    long updates = (batches - 1) / accumulate + 1;
    return new Turn(
        step,
        epoch * updates + batch / accumulate + 1,
        batch % accumulate == 0,
        batch % accumulate == accumulate - 1 || batch == batches - 1);
  }
}
