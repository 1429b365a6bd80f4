package dev.tarn.train;

/** Is told how a training goes. Called on the training's thread. */
public interface TrainingListener {
  /**
   * After a step. The device may not have finished it.
   *
   * @param trainer the trainer
   * @param progress where the training is
   */
  default void onStep(Trainer trainer, Progress progress) {}

  /**
   * After an epoch.
   *
   * @param trainer the trainer
   * @param result what the epoch gave
   */
  default void onEpoch(Trainer trainer, EpochResult result) {}

  /**
   * Where a training is.
   *
   * @param epoch the epoch, from 1
   * @param epochs the number of epochs asked for
   * @param batch the batch within the epoch, from 1
   * @param batches the number of batches in an epoch
   * @param step the step since the training began, from 1
   * @param examples examples done in this process
   */
  record Progress(int epoch, int epochs, int batch, int batches, long step, long examples) {}
}
