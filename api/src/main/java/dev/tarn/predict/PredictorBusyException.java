package dev.tarn.predict;

import dev.tarn.TarnException;

/** Thrown when a predictor has too much to do: too many requests wait, or one waited too long. */
public final class PredictorBusyException extends TarnException {
  private static final long serialVersionUID = 1;

  PredictorBusyException(String message) {
    super(message);
  }
}
