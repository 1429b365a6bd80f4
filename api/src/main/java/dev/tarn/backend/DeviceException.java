package dev.tarn.backend;

import dev.tarn.TarnException;

/**
 * A device failed and nothing works on it any more in this process. What was saved is whole: a
 * training goes on from its last checkpoint in a new process.
 */
public class DeviceException extends TarnException {
  private static final long serialVersionUID = 1L;

  /** A failure with its explanation and its cause. */
  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}
