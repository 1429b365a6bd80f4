package dev.tarn.config;

import dev.tarn.TarnException;

/** A run file or an override is wrong; the message names the place and what was expected. */
public final class ConfigException extends TarnException {
  private static final long serialVersionUID = 1L;

  /** A wrong run file with its explanation. */
  public ConfigException(String message) {
    super(message);
  }

  /** A wrong run file with its explanation and its cause. */
  public ConfigException(String message, Throwable cause) {
    super(message, cause);
  }
}
