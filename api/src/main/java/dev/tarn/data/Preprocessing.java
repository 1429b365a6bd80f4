package dev.tarn.data;

import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.Normalization.Method;
import dev.tarn.data.Normalization.Statistics;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is done with raw examples before a model sees them, learned from the training part alone.
 *
 * <p>A value: it is applied unchanged to the other parts and, read back from its {@link #toJson
 * text}, to new examples when the model predicts. It knows
 *
 * <ul>
 *   <li>how features are shifted and scaled,
 *   <li>for a table: what fills a missing number (the training mean), the categories seen in
 *       training, sorted, and how they are encoded,
 *   <li>the names of the classes.
 * </ul>
 *
 * <p>Category 0 stands for a missing one and for all that training did not see; those of training
 * follow from 1.
 */
public final class Preprocessing {
  /** How a column of a table becomes features. */
  public enum Kind {
    /** One number, shifted and scaled; and where asked for, 1 if it was missing, else 0. */
    NUMBER,
    /** A number for each category: 1 for the one it is, 0 for the others. */
    ONE_HOT,
    /** The category's index, for an embedding: a column of a second input, i32. */
    INDEX
  }

  /**
   * A column of a table.
   *
   * @param name its name in the first line, or empty
   * @param fill what stands for a missing number, before it is shifted and scaled
   * @param indicator whether a missing number sets a feature of its own
   * @param categories the categories seen in training, from index 1
   * @param embedding the width of the vectors that an embedding has for the indices; 0 for other
   *     kinds
   */
  public record Column(
      String name,
      Kind kind,
      float fill,
      boolean indicator,
      List<String> categories,
      int embedding) {
    /** Copies the list. */
    public Column {
      categories = List.copyOf(categories);
    }

    static Column number(String name, float fill, boolean indicator) {
      return new Column(name, Kind.NUMBER, fill, indicator, List.of(), 0);
    }

    /**
     * A column of categories.
     *
     * @param embedding the width of vectors, or {@link CsvFormat#AUTO}
     */
    static Column categories(String name, Kind kind, List<String> categories, int embedding) {
      int auto = Math.max(1, Math.min(50, (categories.size() + 1) / 2));
      int width = kind != Kind.INDEX ? 0 : embedding > 0 ? embedding : auto;
      return new Column(name, kind, 0, false, categories, width);
    }

    /** How many f32 features it becomes. */
    int width() {
      return switch (kind) {
        case NUMBER -> indicator ? 2 : 1;
        case ONE_HOT -> categories.size() + 1;
        case INDEX -> 0;
      };
    }
  }

  /**
   * What to learn.
   *
   * @param method how numbers are shifted and scaled
   * @param scale what numbers are multiplied by where the method is {@link Method#NONE}
   * @param indicator whether a number that is missing in training gets a feature that says so
   * @param kind how categories are encoded, unless the table's format says that they are embedded
   * @param shape the shape of an example's f32 features, or null for the one they have
   */
  public record Options(
      Method method, double scale, boolean indicator, Kind kind, @Nullable Shape shape) {
    /** Features as they are; categories as one-hot vectors. */
    public static final Options PLAIN = new Options(Method.NONE, 1, false, Kind.ONE_HOT, null);

    /**
     * Checks the kind.
     *
     * @throws TarnException if categories are to be numbers, or both scale and method are given
     */
    public Options {
      if (kind == Kind.NUMBER) {
        throw new TarnException("preprocessing: categories become ONE_HOT or INDEX, not NUMBER");
      }
      if (scale != 1 && method != Method.NONE) {
        throw new TarnException("preprocessing: give either a scale or a method, not both");
      }
    }

    /** This, with another method. */
    public Options with(Method value) {
      return new Options(value, scale, indicator, kind, shape);
    }
  }

  private final List<Column> columns;
  private final Normalization normalization;
  private final @Nullable Shape shape;
  private final List<String> labels;

  Preprocessing(
      List<Column> columns,
      Normalization normalization,
      @Nullable Shape shape,
      List<String> labels) {
    this.columns = List.copyOf(columns);
    this.normalization = normalization;
    this.shape = shape;
    this.labels = List.copyOf(labels);
  }

  /**
   * Learns from examples that are not rows of a table, such as images.
   *
   * @param train the training part
   * @param labels the names of the classes; may be empty
   * @throws TarnException if the features are not one tensor of f32, or do not fill the shape
   */
  public static Preprocessing fit(Dataset train, List<String> labels, Options options) {
    Normalization normalization =
        options.method() == Method.NONE
            ? Normalization.scale(options.scale())
            : Normalization.fit(train, options.method());
    return new Preprocessing(List.of(), normalization, options.shape(), labels);
  }

  /**
   * Learns from rows of a table.
   *
   * @param train the training part of {@link CsvTable#dataset}
   * @param table the table
   * @throws TarnException if a column has no value in the training part, or the features do not
   *     fill the shape
   */
  public static Preprocessing fit(Dataset train, CsvTable table, Options options) {
    List<CsvTable.Column> raw = table.columns();
    Statistics statistics = Statistics.of(train, raw.size());
    boolean[][] seen = new boolean[raw.size()][];
    for (int i = 0; i < seen.length; i++) {
      seen[i] = new boolean[raw.get(i).categories().size()];
    }
    Statistics.each(
        train,
        (values, examples) -> {
          for (int i = 0; i < values.length; i++) {
            boolean[] codes = seen[i % seen.length];
            if (codes.length > 0 && values[i] == values[i]) {
              codes[(int) values[i]] = true;
            }
          }
        });
    Normalization learned = statistics.normalization(options.method(), options.scale());
    float[] shift = learned.shift();
    float[] factor = learned.factor();
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < raw.size(); i++) {
      CsvTable.Column column = raw.get(i);
      if (column.categorical()) {
        shift[i] = 0;
        factor[i] = 1;
        int width = column.embedding();
        Kind kind = width == 0 ? options.kind() : Kind.INDEX;
        columns.add(Column.categories(column.name(), kind, sorted(column, seen[i]), width));
      } else if (statistics.count[i] == 0) {
        throw new TarnException(
            table.name()
                + ": column "
                + (column.name().isEmpty() ? "of feature " + i : DataFile.quote(column.name()))
                + " is missing in every training example; name it under 'ignore'");
      } else {
        boolean indicator = options.indicator() && statistics.missing[i] > 0;
        float fill = (float) statistics.mean[i];
        columns.add(Column.number(column.name(), fill, indicator));
      }
    }
    return new Preprocessing(
        columns, new Normalization(shift, factor), options.shape(), table.labels());
  }

  private static List<String> sorted(CsvTable.Column column, boolean[] seen) {
    List<String> names = new ArrayList<>();
    for (int code = 0; code < seen.length; code++) {
      if (seen[code]) {
        names.add(column.categories().get(code));
      }
    }
    names.sort(null);
    return names;
  }

  /**
   * Examples as a model takes them. Nothing is computed before they are asked for.
   *
   * @param raw examples that are not rows of a table
   * @throws TarnException if the features are not such as this was learned from
   */
  public Dataset apply(Dataset raw) {
    return apply(raw, List.of());
  }

  /**
   * The rows of a table as a model takes them; columns are found by their names, or in order where
   * one of the tables has none.
   *
   * @throws TarnException if a column is not there
   */
  public Dataset apply(CsvTable table) {
    return apply(table.dataset(), table.columns());
  }

  /**
   * Examples as a model takes them.
   *
   * @param raw some or all rows of a table as {@link CsvTable#dataset} gives them
   * @param table the table's columns
   * @throws TarnException if a column is not there
   */
  public Dataset apply(Dataset raw, List<CsvTable.Column> table) {
    if (columns.isEmpty() != table.isEmpty()) {
      throw new TarnException(
          columns.isEmpty()
              ? "preprocessing: learned from other examples than rows of a table"
              : "preprocessing: learned from the columns of a table, these are none");
    }
    return columns.isEmpty()
        ? new NormalizedDataset(raw, normalization, shape)
        : new EncodedDataset(raw, columns, table, normalization, shape);
  }

  /**
   * Rows to predict from, as a model takes them; categories that training did not see are warned
   * of. What was not learned from a table, such as images, is expected to be written out, one value
   * a column.
   *
   * @param model the shape that the model takes
   * @throws TarnException naming the file if the columns do not fit
   */
  public Dataset applyTo(CsvTable rows, Shape model) {
    if (!columns.isEmpty()) {
      EncodedDataset encoded =
          new EncodedDataset(rows.dataset(), columns, rows.columns(), normalization, shape);
      encoded.warnOfUnseen(rows);
      return encoded;
    }
    int given = rows.columns().size();
    if (given != model.size()) {
      throw new TarnException(
          rows.name()
              + ": "
              + given
              + " columns; the model was trained on "
              + model.size()
              + " features");
    }
    return new NormalizedDataset(rows.dataset(), normalization, model);
  }

  /** The columns of the table this was learned from; empty if it was none. */
  public List<Column> columns() {
    return columns;
  }

  /** How numbers are shifted and scaled. */
  public Normalization normalization() {
    return normalization;
  }

  /** The shape of an example's f32 features, or null for the one they have. */
  public @Nullable Shape shape() {
    return shape;
  }

  /** The names of the classes in order; empty if they have none. */
  public List<String> labels() {
    return labels;
  }

  /** This as a text that {@link #fromJson} reads back exactly. */
  public String toJson() {
    return PreprocessingJson.write(this);
  }

  /**
   * Reads what {@link #toJson} wrote.
   *
   * @throws TarnException if it is damaged or of a newer version
   */
  public static Preprocessing fromJson(String text) {
    return PreprocessingJson.read(text);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Preprocessing p && toJson().equals(p.toJson());
  }

  @Override
  public int hashCode() {
    return toJson().hashCode();
  }

  @Override
  public String toString() {
    return toJson();
  }
}
