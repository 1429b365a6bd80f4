package dev.tarn.data;

import dev.tarn.TarnException;

/** Thrown for a raw row that is not such as a model was trained on. */
public final class RowException extends TarnException {
  private static final long serialVersionUID = 1;

  /** A refusal with its explanation. */
  public RowException(String message) {
    super(message);
  }
}
