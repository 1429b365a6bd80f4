package dev.tarn.train;

import dev.tarn.TarnException;
import dev.tarn.backend.Inspection;

/**
 * Training met a NaN or an infinity; the parameters are those before the failing step. The message
 * names the step, the operation and its source line.
 */
public final class NonFiniteException extends TarnException {
  private static final long serialVersionUID = 1L;

  private final transient Inspection inspection;
  private final long step;

  NonFiniteException(String message, long step, Inspection inspection) {
    super(message);
    this.step = step;
    this.inspection = inspection;
  }

  /** The failing step, from 1. */
  public long step() {
    return step;
  }

  /** The failing step replayed node by node. */
  public Inspection inspection() {
    return inspection;
  }
}
