package dev.tarn.optim;

/**
 * A number that changes as a training goes on: a learning rate as a function of the update.
 *
 * <p>It keeps no state. Its text is part of a checkpoint, and a training is resumed only with the
 * same: make it a record, or give it a {@code toString} that names its settings.
 */
@FunctionalInterface
public interface Schedule {
  /**
   * The value for an update.
   *
   * @param update the number of the update, from 1
   */
  double at(long update);

  /**
   * This schedule after a linear rise: update {@code t} of the first so many has {@code (from + (1
   * - from) (t - 1) / updates)} times this schedule's first value, and then it begins.
   *
   * @param updates how many updates the rise takes
   * @param from the factor of the first update, in [0, 1]
   */
  default Schedule warmUp(long updates, double from) {
    return new Schedules.WarmUp(this, updates, from);
  }

  /**
   * This schedule, one value kept for so many updates: with the updates of an epoch, a schedule by
   * epochs.
   */
  default Schedule per(long updates) {
    return new Schedules.Held(this, updates);
  }
}
