package dev.tarn;

/** What a forward pass is for; layers such as dropout behave differently in each. */
public enum Mode {
  /** Training: dropout drops, norms use the statistics of the batch. */
  TRAIN,
  /** Evaluation and prediction: no randomness, norms use running statistics. */
  EVAL
}
