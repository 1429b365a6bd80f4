package dev.tarn.train;

import org.jspecify.annotations.Nullable;

/**
 * What an epoch of training gave.
 *
 * @param epoch the number of the epoch, from 1
 * @param step the number of steps done since the training began
 * @param train means over the epoch's training examples, measured while training
 * @param validation means over the validation data after the epoch, or null if there is none
 * @param seconds the time the epoch took, in this process
 * @param learningRate the main optimizer's in the epoch's last update, or NaN if it has none
 */
public record EpochResult(
    int epoch,
    long step,
    Evaluation train,
    @Nullable Evaluation validation,
    double seconds,
    double learningRate) {
  /** The validation's means, or the training's if there is no validation data. */
  public Evaluation best() {
    return validation != null ? validation : train;
  }
}
