package dev.tarn.data;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Texts where numbers are expected: what they may be, and what can be done. */
final class NumberTexts {
  /** What people and programs write for a missing value. */
  static final Set<String> MISSING =
      Set.of("", "NA", "N/A", "n/a", "na", "NaN", "nan", "null", "NULL", "?");

  private static final Set<String> NOT_FINITE = Set.of("inf", "infinity", "-inf", "-infinity");

  private static final Pattern DATE =
      Pattern.compile(
          "(\\d{4}([-/.])\\d{1,2}\\2\\d{1,2}|\\d{1,2}([-/.])\\d{1,2}\\3(\\d{4}|\\d{2}))"
              + "([T ]+\\d{1,2}:\\d{2}.*)?");

  /** A number with a sign of currency or percent, or with something between its thousands. */
  private static final Pattern DECORATED =
      Pattern.compile(
          "[-+]?\\p{Sc}?\\s?[-+]?(\\d+|\\d{1,3}([,.' ])\\d{3}(\\2\\d{3})*)([.,]\\d+)?"
              + "\\s?[%\\p{Sc}]?");

  /** A number in which the comma or point may stand before a fraction or between thousands. */
  private static final Pattern THOUSANDS = Pattern.compile("[-+]?\\d{1,3}([,.])\\d{3}(\\1\\d{3})*");

  private NumberTexts() {}

  /** Whether a text is a number. */
  static boolean isNumber(String text, char decimal) {
    return !Float.isNaN(Decimal.parse(text, decimal));
  }

  /** Whether a text is a date, with or without a time: 2024-08-19, 19.8.2024 or 8/19/24. */
  static boolean isDate(String text) {
    return DATE.matcher(text).matches();
  }

  /** Whether people would call a text a number although it is not one as it stands. */
  static boolean isDecorated(String text, char decimal) {
    return DECORATED.matcher(text).matches() && !isNumber(text, decimal);
  }

  /** Whether a text is a number that has a fraction if this is the decimal mark. */
  static boolean showsMark(String text, char decimal) {
    return text.indexOf(decimal) >= 0
        && isNumber(text, decimal)
        && !THOUSANDS.matcher(text).matches();
  }

  /**
   * What to do about a feature of a training table that is not a number.
   *
   * @return the end of a message; empty if nothing is to be said
   */
  static String remedy(String text, char decimal) {
    char other = decimal == '.' ? ',' : '.';
    String lower = text.toLowerCase(Locale.ROOT);
    if (showsMark(text, other)) {
      return "; if numbers are written with '" + other + "', say so under 'decimal'";
    }
    if (isDecorated(text, decimal)) {
      return "; write such numbers as 1234" + decimal + "5, without other signs";
    }
    if (MISSING.contains(text) || NOT_FINITE.contains(lower)) {
      return "; name " + DataFile.quote(text) + " under 'missing' if it stands for a missing value";
    }
    // what is left of numbers is too large for f32
    boolean number = text.matches("[-+0-9.,eE]+");
    return number ? "" : "; name the column under 'categorical' or 'ignore'";
  }
}
