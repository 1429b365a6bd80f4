package dev.tarn.report;

import java.util.Locale;
import java.util.regex.Pattern;

/** Numbers and times as people read them. */
final class Texts {
  private static final Pattern ABBREVIATION = Pattern.compile("\\b(auc|f1|mae|mse|r2|rmse)\\b");

  private Texts() {}

  /** A number with commas: {@code 1,797}. */
  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** A number with one of the thing or several: {@code 1 epoch}, {@code 20 epochs}. */
  static String count(long number, String thing) {
    return count(number) + " " + thing + (number == 1 ? "" : "s");
  }

  /** A share from 0 to 1 as a percentage. */
  static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  /** Four significant digits: {@code 0.07163}, {@code 12.35}, {@code 1.000e-05}. */
  static String value(double value) {
    double size = Math.abs(value);
    if (!Double.isFinite(value) || value == 0) {
      return value == 0 ? "0" : String.valueOf(value);
    }
    if (size < 1e-4 || size >= 1e6) {
      return String.format(Locale.ROOT, "%.3e", value);
    }
    int decimals = (int) Math.max(0, 3 - Math.floor(Math.log10(size)));
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  /** The shortest text of a tick: {@code 0.002}, {@code 1e-5}, {@code 20}. */
  static String tick(double value) {
    if (value != 0 && !isPlain(value)) {
      return power(value);
    }
    String text = String.format(Locale.ROOT, "%.4f", value);
    return text.replaceFirst("\\.?0+$", "");
  }

  /** The shortest text with a power of ten: {@code 2e-3}, {@code 1e0}. */
  static String power(double value) {
    return String.format(Locale.ROOT, "%.2e", value)
        .replaceFirst("\\.?0+e", "e")
        .replaceFirst("e([+-])0*(?=\\d)", "e$1")
        .replace("e+", "e");
  }

  /** Whether {@link #tick} writes a number without a power of ten. */
  static boolean isPlain(double value) {
    double size = Math.abs(value);
    return size >= 1e-3 && size < 1e5;
  }

  /** A metric: the share of an accuracy as a percentage, else four digits. */
  static String metric(String name, double value) {
    boolean share = name.endsWith("accuracy") && value >= 0 && value <= 1;
    return share ? percent(value) : value(value);
  }

  /** A length of time: {@code 0.4 s}, {@code 2 min 5 s}, {@code 3 h 20 min}. */
  static String duration(double seconds) {
    if (seconds < 60) {
      return String.format(Locale.ROOT, seconds < 10 ? "%.1f s" : "%.0f s", seconds);
    }
    long whole = Math.round(seconds);
    return whole < 3600
        ? whole / 60 + " min " + whole % 60 + " s"
        : whole / 3600 + " h " + whole % 3600 / 60 + " min";
  }

  /** A name for files and identifiers: lower-case letters, digits and hyphens. */
  static String slug(String text) {
    String slug = text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    return slug.replaceAll("^-|-$", "");
  }

  /** The name of a metric within a text: {@code f1_macro} becomes {@code F1 macro}. */
  static String name(String metric) {
    return ABBREVIATION
        .matcher(metric.replace('_', ' '))
        .replaceAll(found -> found.group().toUpperCase(Locale.ROOT));
  }

  /** The name of a metric for titles: {@code top_3} becomes {@code Top 3}. */
  static String title(String name) {
    String words = name(name).strip();
    return words.isEmpty()
        ? name
        : words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
  }
}
