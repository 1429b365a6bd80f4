package dev.tarn.internal;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Finds the name that was meant by one that is not known. */
public final class Names {
  private Names() {}

  /** The nearest of the known names, the first of equals, if one is near enough to be meant. */
  public static Optional<String> nearest(String name, List<String> known) {
    String lower = name.toLowerCase(Locale.ROOT);
    Optional<String> best = Optional.empty();
    int least = Math.max(2, name.length() / 3) + 1;
    for (String candidate : known) {
      int distance = distance(lower, candidate.toLowerCase(Locale.ROOT));
      if (distance < least && distance < candidate.length()) {
        least = distance;
        best = Optional.of(candidate);
      }
    }
    return best;
  }

  /** The number of insertions, deletions and substitutions between two texts (Levenshtein). */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
