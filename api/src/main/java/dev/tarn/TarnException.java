package dev.tarn;

/**
 * A failure that Tarn explains: the message is one or two lines that say what happened, where, and
 * what to do.
 */
public class TarnException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A failure with its explanation. */
  public TarnException(String message) {
    super(message);
  }

  /** A failure with its explanation and its cause. */
  public TarnException(String message, Throwable cause) {
    super(message, cause);
  }
}
