package dev.tarn.train;

/**
 * Is told how a training goes. Called on the training's thread.
 *
 * <p>A listener may look at everything, for instance {@link Trainer#history}, evaluate, predict and
 * save, and may end the training by {@link Trainer#stop(String)}.
 */
public interface TrainingListener {
  /**
   * Before the first step of a call of {@code fit}.
   *
   * @param trainer the trainer
   * @param epochs the number of epochs asked for in all
   */
  default void onStart(Trainer trainer, int epochs) {}

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
   * After the last step of a call of {@code fit}, but where it throws. The weights of the best
   * epoch are restored afterwards, if that is asked for.
   *
   * @param trainer the trainer
   * @param stop why it ends
   */
  default void onEnd(Trainer trainer, Stop stop) {}

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
