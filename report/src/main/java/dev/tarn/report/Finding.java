package dev.tarn.report;

/**
 * A sentence of a diagnosis.
 *
 * @param severity how bad it is
 * @param text what was found and what to do about it
 */
public record Finding(Severity severity, String text) {
  /** How bad it is. */
  public enum Severity {
    /** Something that is as it should be, or worth knowing. */
    NOTE,
    /** Something that may hurt the result. */
    WARNING,
    /** Something that spoils the result. */
    PROBLEM
  }
}
