package dev.tarn.report;

import dev.tarn.train.Diagnosis;
import java.util.List;

/**
 * A sentence of a diagnosis.
 *
 * @param severity how bad it is
 * @param text what was found and what to do about it
 */
public record Finding(Severity severity, String text) {
  /** What was found in how a training went. */
  public static List<Finding> of(Diagnosis diagnosis) {
    return diagnosis.verdicts().stream()
        .map(v -> new Finding(Severity.valueOf(v.severity().name()), v.toString()))
        .toList();
  }

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
