package dev.tarn.data;

import dev.tarn.TarnException;
import java.util.List;
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
 * @param label the column of the class, or null
 * @param targets the columns of numbers to predict
 * @param categorical the features that are categories rather than numbers
 * @param ignore the columns that are left out
 * @param missing the texts that stand for a missing feature, such as the empty one
 */
public record CsvFormat(
    @Nullable Boolean header,
    char separator,
    @Nullable String label,
    List<String> targets,
    List<String> categorical,
    List<String> ignore,
    Set<String> missing) {

  /**
   * Copies the collections.
   *
   * @throws TarnException if there are both a label and targets, or the separator cannot be one
   */
  public CsvFormat {
    targets = List.copyOf(targets);
    categorical = List.copyOf(categorical);
    ignore = List.copyOf(ignore);
    missing = Set.copyOf(missing);
    if (label != null && !targets.isEmpty()) {
      throw new TarnException("csv: give either a label or targets, not both");
    }
    if ("\"\r\n.+-\uFEFF".indexOf(separator) >= 0 || Character.isLetterOrDigit(separator)) {
      throw new TarnException("csv: '" + separator + "' cannot be a separator");
    }
  }

  /** All columns are features that are numbers; there is no class and no target. */
  public static CsvFormat features() {
    return new CsvFormat(null, ',', null, List.of(), List.of(), List.of(), Set.of());
  }

  /** All columns are numbers, but for one that has the class. */
  public static CsvFormat labelled(String label) {
    return features().withLabel(label);
  }

  /** This, with or without a first line of names. */
  public CsvFormat withHeader(@Nullable Boolean value) {
    return new CsvFormat(value, separator, label, targets, categorical, ignore, missing);
  }

  /** This, with another character between fields. */
  public CsvFormat withSeparator(char value) {
    return new CsvFormat(header, value, label, targets, categorical, ignore, missing);
  }

  /** This, with the class in a column, or without. */
  public CsvFormat withLabel(@Nullable String value) {
    return new CsvFormat(header, separator, value, targets, categorical, ignore, missing);
  }

  /** This, with numbers to predict. */
  public CsvFormat withTargets(List<String> value) {
    return new CsvFormat(header, separator, label, value, categorical, ignore, missing);
  }

  /** This, with some features that are categories. */
  public CsvFormat withCategorical(List<String> value) {
    return new CsvFormat(header, separator, label, targets, value, ignore, missing);
  }

  /** This, with some columns left out. */
  public CsvFormat withIgnore(List<String> value) {
    return new CsvFormat(header, separator, label, targets, categorical, value, missing);
  }

  /** This, with texts that stand for a missing feature. */
  public CsvFormat withMissing(Set<String> value) {
    return new CsvFormat(header, separator, label, targets, categorical, ignore, value);
  }
}
