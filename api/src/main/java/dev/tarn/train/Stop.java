package dev.tarn.train;

/**
 * Why a training ended.
 *
 * @param reason the rule
 * @param sentence the same in words, with its numbers: {@code no better validation loss for 5
 *     epochs; weights of epoch 12 restored}
 */
public record Stop(Reason reason, String sentence) {
  /** The rules. */
  public enum Reason {
    /** All epochs are done. */
    EPOCHS,
    /** {@link Trainer#stop()} was called: the training is to be gone on with. */
    INTERRUPTED,
    /** {@link Trainer#stop(String)} was called. */
    ASKED,
    /** See {@link EarlyStopping}. */
    EARLY_STOPPING,
    /** See {@link StopRules#steps}. */
    STEPS,
    /** See {@link StopRules#seconds}. */
    SECONDS,
    /** See {@link StopRules#gradientNorm}. */
    GRADIENT_NORM,
    /** See {@link StopRules#update}. */
    UPDATE,
    /** See {@link StopRules#targets}. */
    TARGET
  }
}
