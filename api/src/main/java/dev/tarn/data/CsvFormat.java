package dev.tarn.data;

import dev.tarn.TarnException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the columns of a CSV file are.
 *
 * <p>A column is named as the first line names it, or by its index: from 0, or from -1 for the last
 * backwards. Columns that are not mentioned are features, and numbers.
 *
 * @param header whether the first line has names; null to see from the line: it has names if no
 *     field in it is a number or missing
 * @param separator what stands between fields
 * @param decimal what stands before the fraction of a number: a point or a comma
 * @param label the column of the class, or null
 * @param targets the columns of numbers to predict
 * @param categorical the features that are categories rather than numbers
 * @param embed those of the categorical features that become indices for an embedding, by the name
 *     that {@code categorical} has, and the width of their vectors or {@link #AUTO}
 * @param ignore the columns that are left out
 * @param missing the texts that stand for a missing feature, such as the empty one
 */
public record CsvFormat(
    @Nullable Boolean header,
    char separator,
    char decimal,
    @Nullable String label,
    List<String> targets,
    List<String> categorical,
    Map<String, Integer> embed,
    List<String> ignore,
    Set<String> missing) {
  /** A width that depends on the number of categories: half of it, rounded up, at most 50. */
  public static final int AUTO = -1;

  /**
   * Copies the collections.
   *
   * @throws TarnException if there are both a label and targets, the separator or decimal mark
   *     cannot be one, or what is embedded is not categorical or of no width
   */
  public CsvFormat {
    targets = List.copyOf(targets);
    categorical = List.copyOf(categorical);
    embed = Collections.unmodifiableMap(new LinkedHashMap<>(embed));
    ignore = List.copyOf(ignore);
    missing = Set.copyOf(missing);
    if (label != null && !targets.isEmpty()) {
      throw new TarnException("csv: give either a label or targets, not both");
    }
    if ("\"\r\n.+-\uFEFF".indexOf(separator) >= 0 || Character.isLetterOrDigit(separator)) {
      throw new TarnException("csv: '" + separator + "' cannot be a separator");
    }
    if (decimal != '.' && decimal != ',') {
      throw new TarnException("csv: '" + decimal + "' cannot be a decimal mark; '.' or ',' can");
    }
    for (Map.Entry<String, Integer> each : embed.entrySet()) {
      if (!categorical.contains(each.getKey())) {
        throw new TarnException("csv: '" + each.getKey() + "' is embedded, but not categorical");
      }
      if (each.getValue() < 1 && each.getValue() != AUTO) {
        throw new TarnException("csv: '" + each.getKey() + "': no vectors of " + each.getValue());
      }
    }
  }

  /** All columns are features that are numbers; there is no class and no target. */
  public static CsvFormat features() {
    return new CsvFormat(null, ',', '.', null, List.of(), List.of(), Map.of(), List.of(), Set.of());
  }

  /** All columns are numbers, but for one that has the class. */
  public static CsvFormat labelled(String label) {
    return features().withLabel(label);
  }

  /** This, with or without a first line of names. */
  public CsvFormat withHeader(@Nullable Boolean value) {
    return new CsvFormat(
        value, separator, decimal, label, targets, categorical, embed, ignore, missing);
  }

  /** This, with another character between fields. */
  public CsvFormat withSeparator(char value) {
    return new CsvFormat(
        header, value, decimal, label, targets, categorical, embed, ignore, missing);
  }

  /** This, with another decimal mark. */
  public CsvFormat withDecimal(char value) {
    return new CsvFormat(
        header, separator, value, label, targets, categorical, embed, ignore, missing);
  }

  /** This, with the class in a column, or without. */
  public CsvFormat withLabel(@Nullable String value) {
    return new CsvFormat(
        header, separator, decimal, value, targets, categorical, embed, ignore, missing);
  }

  /** This, with numbers to predict. */
  public CsvFormat withTargets(List<String> value) {
    return new CsvFormat(
        header, separator, decimal, label, value, categorical, embed, ignore, missing);
  }

  /** This, with some features that are categories. */
  public CsvFormat withCategorical(List<String> value) {
    return new CsvFormat(header, separator, decimal, label, targets, value, embed, ignore, missing);
  }

  /**
   * This, with some of the categorical features as indices for an embedding.
   *
   * @param value for each the width of its vectors, or {@link #AUTO}
   */
  public CsvFormat withEmbed(Map<String, Integer> value) {
    return new CsvFormat(
        header, separator, decimal, label, targets, categorical, value, ignore, missing);
  }

  /** This, with some columns left out. */
  public CsvFormat withIgnore(List<String> value) {
    return new CsvFormat(
        header, separator, decimal, label, targets, categorical, embed, value, missing);
  }

  /** This, with texts that stand for a missing feature. */
  public CsvFormat withMissing(Set<String> value) {
    return new CsvFormat(
        header, separator, decimal, label, targets, categorical, embed, ignore, value);
  }
}
