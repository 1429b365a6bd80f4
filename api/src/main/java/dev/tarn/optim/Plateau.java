package dev.tarn.optim;

import dev.tarn.TarnException;

/**
 * Lowers learning rates when the validation loss stops falling, looking at it after each epoch.
 *
 * <p>As PyTorch's ReduceLROnPlateau: an epoch is better if its loss is below {@code best (1 -
 * threshold)}; after more than {@code patience} epochs in a row that are not, every learning rate
 * is multiplied by {@code factor}, and the next {@code cooldown} epochs are not counted.
 *
 * @param factor between 0 and 1
 * @param patience epochs, at least 0
 * @param threshold at least 0
 * @param cooldown epochs, at least 0
 * @param least the product of all factors stays at or above this; at least 0
 */
public record Plateau(double factor, int patience, double threshold, int cooldown, double least) {
  /** Checks the ranges. */
  public Plateau {
    if (!(factor > 0 && factor < 1)) {
      throw new TarnException("plateau: factor must be between 0 and 1, not " + factor);
    }
    Ranges.notNegative("plateau", "patience", patience);
    Ranges.notNegative("plateau", "threshold", threshold);
    Ranges.notNegative("plateau", "cooldown", cooldown);
    Ranges.notNegative("plateau", "least", least);
  }

  /** A tenth after so many epochs without progress, with a threshold of 1e-4. */
  public static Plateau patience(int epochs) {
    return new Plateau(0.1, epochs, 1e-4, 0, 0);
  }

  /**
   * What is remembered from epoch to epoch; part of a checkpoint.
   *
   * @param best the least loss
   * @param bad epochs in a row that were not better
   * @param cooling epochs that will not be counted
   * @param scale what learning rates are multiplied by
   */
  public record State(double best, int bad, int cooling, double scale) {
    /** Before the first epoch. */
    public static final State START = new State(Double.POSITIVE_INFINITY, 0, 0, 1);
  }

  /** The state after an epoch. */
  public State next(State state, double loss) {
    boolean better = loss < state.best() * (1 - threshold);
    double best = better ? loss : state.best();
    int bad = better || state.cooling() > 0 ? 0 : state.bad() + 1;
    if (bad > patience) {
      double scale = Math.min(state.scale(), Math.max(state.scale() * factor, least));
      return new State(best, 0, cooldown, scale);
    }
    return new State(best, bad, Math.max(0, state.cooling() - 1), state.scale());
  }
}
