package dev.tarn.train;

import dev.tarn.TarnException;

/**
 * Ends a training when a value over the validation data, or without them over the training data,
 * stops getting better, and puts the weights of the best epoch back.
 *
 * <p>The best epoch is the first with the best value. An epoch counts as progress if it is better
 * by more than {@code minDelta} than the last one that did.
 *
 * @param patience the number of epochs in a row without progress after which it ends, at least 1
 * @param minDelta at least 0
 * @param metric {@code loss}, or the name of a term or metric
 */
public record EarlyStopping(int patience, double minDelta, String metric) {
  /** Checks the ranges. */
  public EarlyStopping {
    if (patience < 1 || !(minDelta >= 0 && minDelta < Double.POSITIVE_INFINITY)) {
      throw new TarnException(
          "early stopping: patience must be at least 1 and min_delta at least 0, not "
              + patience
              + " and "
              + minDelta);
    }
  }

  /** By the loss, any progress counting. */
  public static EarlyStopping patience(int epochs) {
    return new EarlyStopping(epochs, 0, "loss");
  }

  /** By another value. */
  public EarlyStopping metric(String name) {
    return new EarlyStopping(patience, minDelta, name);
  }

  /** With another least progress. */
  public EarlyStopping minDelta(double value) {
    return new EarlyStopping(patience, value, metric);
  }

  /**
   * What is remembered from epoch to epoch; part of a checkpoint.
   *
   * @param best the best value
   * @param epoch its epoch, from 1; 0 before there was any
   * @param reference the value of the last epoch that counted as progress
   * @param bad epochs in a row that did not
   */
  record State(double best, int epoch, double reference, int bad) {
    static final State START = new State(Double.NaN, 0, Double.NaN, 0);
  }

  /** The state after an epoch. */
  State next(State state, int epoch, double value, boolean higherIsBetter) {
    double sign = higherIsBetter ? 1 : -1;
    boolean first = state.epoch() == 0 && !Double.isNaN(value);
    boolean best = first || sign * value > sign * state.best();
    boolean progress = first || sign * (value - state.reference()) > minDelta;
    return new State(
        best ? value : state.best(),
        best ? epoch : state.epoch(),
        progress ? value : state.reference(),
        progress ? 0 : state.bad() + 1);
  }
}
