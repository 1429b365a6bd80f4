package dev.tarn.train;

import dev.tarn.TarnException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/**
 * Several trainings from different seeds, of which the best is kept.
 *
 * @param best the trainer of the best one, which the caller closes
 * @param number its number, from 0
 * @param values what each training reached: with early stopping the value of its best epoch,
 *     without that of its last; NaN where no epoch ended
 */
public record Restarts(Trainer best, int number, List<Double> values) {
  /** Copies the list. */
  public Restarts {
    values = List.copyOf(values);
  }

  /**
   * Trains with the seeds {@code seed}, {@code seed + 1} and so on; all trainers but the best are
   * closed.
   *
   * @param count how many trainings
   * @param training makes a model and a trainer with the seed it is given, and trains it
   */
  public static Restarts run(int count, long seed, LongFunction<Trainer> training) {
    if (count < 1) {
      throw new TarnException("restarts: at least one training is needed, not " + count);
    }
    Trainer best = training.apply(seed);
    double bestValue = value(best);
    int number = 0;
    List<Double> values = new ArrayList<>(List.of(bestValue));
    for (int i = 1; i < count; i++) {
      Trainer next = training.apply(seed + i);
      double value = value(next);
      values.add(value);
      boolean better = next.monitored().isBetter(value, bestValue);
      (better ? best : next).close();
      if (better) {
        best = next;
        bestValue = value;
        number = i;
      }
    }
    return new Restarts(best, number, values);
  }

  private static double value(Trainer trainer) {
    Monitored monitored = trainer.monitored();
    double value = Double.NaN;
    for (EpochResult result : trainer.history()) {
      double next = result.best().get(monitored.name());
      boolean counts =
          trainer.settings().earlyStopping() == null || monitored.isBetter(next, value);
      value = counts ? next : value;
    }
    return value;
  }
}
