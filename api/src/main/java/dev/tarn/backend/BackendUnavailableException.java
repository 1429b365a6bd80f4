package dev.tarn.backend;

import dev.tarn.TarnException;
import java.util.List;

/** A backend cannot run on this machine; the message says why and what to do. */
public class BackendUnavailableException extends TarnException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> details;

  /**
   * A backend that cannot run.
   *
   * @param message one or two lines: cause and remedy
   * @param details what was looked for and where, line by line
   */
  public BackendUnavailableException(String message, List<String> details) {
    super(message);
    this.details = List.copyOf(details);
  }

  /** What was looked for and where, line by line. */
  public List<String> details() {
    return details == null ? List.of() : details;
  }
}
