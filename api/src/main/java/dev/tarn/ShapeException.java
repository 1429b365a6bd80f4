package dev.tarn;

/**
 * Shapes or element types that do not fit; the message names the operation and what it was given.
 */
public class ShapeException extends TarnException {
  private static final long serialVersionUID = 1L;

  /** Shapes that do not fit. */
  public ShapeException(String message) {
    super(message);
  }
}
