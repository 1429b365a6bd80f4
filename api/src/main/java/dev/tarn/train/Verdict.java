package dev.tarn.train;

/**
 * Something that was found in how a training went.
 *
 * @param severity how bad it is
 * @param sentence what was found, with its numbers and where it is
 * @param remedy what to try
 */
public record Verdict(Severity severity, String sentence, String remedy) {
  /** How bad it is. */
  public enum Severity {
    /** Worth knowing. */
    NOTE,
    /** It may hurt the result. */
    WARNING,
    /** It spoils the result. */
    PROBLEM
  }

  /** Both sentences. */
  @Override
  public String toString() {
    return sentence + " " + remedy;
  }
}
