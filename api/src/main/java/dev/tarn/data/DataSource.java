package dev.tarn.data;

import dev.tarn.TarnException;
import dev.tarn.data.Dataset.Split;
import dev.tarn.data.Preprocessing.Options;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Raw examples as they were read, with what is known of them beside their values.
 *
 * @param name the file, directory or data set
 * @param data the examples; if there is a test part, those for training
 * @param test the test part that comes with the data, or null
 * @param labels the names of the classes; empty if they have none
 * @param table the table that the examples are rows of, or null
 */
public record DataSource(
    String name,
    Dataset data,
    @Nullable Dataset test,
    List<String> labels,
    @Nullable CsvTable table) {
  /** Copies the list. */
  public DataSource {
    labels = List.copyOf(labels);
  }

  /** Examples that come with nothing else, for instance from Java. */
  public static DataSource of(String name, Dataset data) {
    return new DataSource(name, data, null, List.of(), null);
  }

  /** The rows of a table. */
  public static DataSource of(CsvTable table) {
    return new DataSource(table.name(), table.dataset(), null, table.labels(), table);
  }

  /** Parts as a model takes them, and how they were made. */
  public record Prepared(Split split, Preprocessing preprocessing) {}

  /**
   * The parts that a split makes; a test part that comes with the data stays as it is, and then the
   * other two shares divide the rest in their proportion.
   *
   * @param stratified whether every class is divided by the shares
   * @throws TarnException as {@link Dataset#split} does, with {@link #name}
   */
  public Split split(
      double train, double validation, double testing, boolean stratified, long seed) {
    if (test == null) {
      return part(train, validation, testing, stratified, seed);
    }
    double rest = train + validation;
    Split split = part(train / rest, validation / rest, 0, stratified, seed);
    return new Split(split.train(), split.validation(), test);
  }

  private Split part(
      double train, double validation, double testing, boolean stratified, long seed) {
    try {
      return stratified
          ? data.stratifiedSplit(train, validation, testing, seed)
          : data.split(train, validation, testing, seed);
    } catch (TarnException e) {
      throw new TarnException(name + ": " + e.getMessage(), e);
    }
  }

  /**
   * Learns from the training part and applies that to all parts.
   *
   * @throws TarnException as {@link Preprocessing#fit} does
   */
  public Prepared prepare(Split raw, Options options) {
    Preprocessing learned =
        table == null
            ? Preprocessing.fit(raw.train(), labels, options)
            : Preprocessing.fit(raw.train(), table, options);
    List<CsvTable.Column> columns = table == null ? List.of() : table.columns();
    Split split =
        new Split(
            learned.apply(raw.train(), columns),
            learned.apply(raw.validation(), columns),
            learned.apply(raw.test(), columns));
    return new Prepared(split, learned);
  }
}
