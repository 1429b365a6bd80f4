package dev.tarn.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Loss and metrics over a number of examples.
 *
 * @param values the means by name, the loss first
 * @param examples the number of examples
 */
public record Evaluation(Map<String, Double> values, long examples) {
  /** Copies the map, keeping its order. */
  public Evaluation {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** The mean loss. */
  public double loss() {
    return get("loss");
  }

  /**
   * A mean by name.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public double get(String name) {
    Double value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no metric '" + name + "'; there are " + values.keySet());
    }
    return value;
  }

  /** The values as {@code loss 0.1234 accuracy 0.9722}. */
  @Override
  public String toString() {
    return values.entrySet().stream()
        .map(entry -> entry.getKey() + " " + text(entry.getValue()))
        .collect(Collectors.joining("  "));
  }

  /**
   * A value as {@link #toString} shows it: four decimals, or from 1000 on five digits, as {@code
   * 1234.5}, {@code 178,214}, {@code 1.7821e+07}.
   */
  public static String text(double value) {
    double size = Math.abs(value);
    String format = size < 1e3 ? "%.4f" : size < 1e4 ? "%.1f" : size < 1e6 ? "%,.0f" : "%.4e";
    return String.format(Locale.ROOT, format, value);
  }
}
