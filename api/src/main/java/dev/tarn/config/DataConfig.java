package dev.tarn.config;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.CsvTable;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The data of a run file.
 *
 * @param set the name of a data set that comes with Tarn, or null
 * @param csv a table of numbers whose last columns are the class from 0 or the targets, or null
 * @param targets how many of the last columns are numbers to predict; 0 if the last is a class
 * @param scale what features are multiplied by
 * @param split the shares of training, validation and test
 * @param shape the shape of one example, for instance channels, rows and columns, or null if it is
 *     as the data say
 */
public record DataConfig(
    @Nullable String set,
    @Nullable Path csv,
    int targets,
    double scale,
    List<Double> split,
    @Nullable Shape shape) {
  static final List<String> KEYS = List.of("set", "csv", "targets", "scale", "split", "shape");
  private static final List<Double> SPLIT = List.of(0.8, 0.1, 0.1);
  private static final int MAX_EXTENT = 1 << 24;
  private static final int MAX_CLASSES = 1_000_000;

  /** Copies the shares. */
  public DataConfig {
    split = List.copyOf(split);
  }

  static DataConfig read(YamlValue value) {
    Fields fields = new Fields(value, KEYS);
    YamlValue set = fields.get("set");
    YamlValue csv = fields.get("csv");
    Fields.refuseClash(value, List.of("set", "csv"));
    if ((set == null) == (csv == null)) {
      throw value.error(
          "expected either 'set' (" + String.join(", ", Datasets.names()) + ") or 'csv' (a file)");
    }
    if (set != null && !Datasets.names().contains(set.text())) {
      throw set.error(
          "no data set '" + set.text() + "'; " + Fields.meant(set.text(), Datasets.names()));
    }
    YamlValue targets = fields.get("targets");
    if (targets != null && csv == null) {
      throw targets.error("only tables have numbers to predict: give 'csv' rather than 'set'");
    }
    YamlValue scale = fields.get("scale");
    YamlValue split = fields.get("split");
    YamlValue shape = fields.get("shape");
    return new DataConfig(
        set == null ? null : set.text(),
        csv == null ? null : path(csv),
        targets == null ? 0 : (int) targets.integer(1, Integer.MAX_VALUE),
        scale == null ? 1 : scale.number("other than 0", v -> v != 0),
        split == null ? SPLIT : shares(split),
        shape == null ? null : shape(shape));
  }

  private static Shape shape(YamlValue value) {
    if (!value.isList() || value.values().isEmpty()) {
      throw value.expected("the extents of one example, such as [1, 8, 8]");
    }
    int[] dims = value.values().stream().mapToInt(v -> (int) v.integer(1, MAX_EXTENT)).toArray();
    long size = 1;
    for (int dim : dims) {
      size *= dim;
      if (size > MAX_EXTENT) {
        throw value.error("an example has at most " + MAX_EXTENT + " features");
      }
    }
    return Shape.of(dims);
  }

  private static Path path(YamlValue csv) {
    try {
      return csv.place().base().resolve(csv.text()).toAbsolutePath().normalize();
    } catch (java.nio.file.InvalidPathException e) {
      throw csv.expected("a file's path");
    }
  }

  private static List<Double> shares(YamlValue split) {
    String what = "three shares that add up to 1, such as [0.8, 0.1, 0.1]";
    if (!split.isList() || split.values().size() != 3) {
      throw split.expected(what);
    }
    List<Double> shares =
        split.values().stream().map(v -> v.number("from 0 to 1", s -> s >= 0 && s <= 1)).toList();
    double sum = shares.get(0) + shares.get(1) + shares.get(2);
    if (shares.get(0) == 0 || Math.abs(sum - 1) > 1e-6) {
      throw split.error("expected " + what + ", found " + shares);
    }
    return shares;
  }

  Map<String, Object> toYaml() {
    Map<String, Object> data = new LinkedHashMap<>();
    if (set != null) {
      data.put("set", set);
    } else {
      data.put("csv", String.valueOf(csv));
      if (targets > 0) {
        data.put("targets", targets);
      }
    }
    data.put("scale", scale);
    data.put("split", split);
    if (shape != null) {
      data.put("shape", Arrays.stream(shape.dims()).boxed().toList());
    }
    return data;
  }

  /** The name of the set or the file. */
  public String name() {
    return set != null ? set : String.valueOf(csv);
  }

  /**
   * Reads the data and scales the features.
   *
   * @throws TarnException if the file is missing or not a table of numbers with classes, or an
   *     example does not fill {@link #shape}
   */
  public Dataset load() {
    if (csv != null) {
      CsvTable table = CsvTable.read(csv);
      return targets > 0 ? numbers(table, csv) : table(table, csv);
    }
    Dataset data = Datasets.named(String.valueOf(set));
    Batch batch = Batch.zeros(data.features(), data.targets(), data.size());
    int[] all = new int[data.size()];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    data.gather(all, 0, batch);
    scale(batch.feature().floats());
    return new ArrayDataset(shaped(batch.feature()), batch.target(), data.classes());
  }

  /**
   * The rows of a table of features, scaled: f32 {@code [rows, columns]}.
   *
   * @param features how many columns there must be
   * @throws TarnException if there are others
   */
  public HostTensor features(CsvTable table, Shape features, Path file) {
    if (table.columns() != features.size()) {
      throw new TarnException(
          file
              + ": "
              + table.columns()
              + " columns; the model was trained on "
              + features.size()
              + " features");
    }
    HostTensor rows = HostTensor.zeros(Spec.f32(features.prepend(table.rows())));
    copy(table, table.columns(), rows.floats());
    return rows;
  }

  private Dataset numbers(CsvTable table, Path file) {
    int columns = table.columns() - targets;
    if (columns < 1) {
      throw new TarnException(
          String.format(
              "%s: %d columns; expected features and, in the last %d, targets",
              file, table.columns(), targets));
    }
    HostTensor features = HostTensor.zeros(Spec.f32(Shape.of(table.rows(), columns)));
    HostTensor wanted = HostTensor.zeros(Spec.f32(Shape.of(table.rows(), targets)));
    for (int row = 0; row < table.rows(); row++) {
      for (int column = 0; column < targets; column++) {
        wanted.floats()[row * targets + column] = table.get(row, columns + column);
      }
    }
    copy(table, columns, features.floats());
    return ArrayDataset.ofNumbers(features, wanted);
  }

  private Dataset table(CsvTable table, Path file) {
    int columns = table.columns() - 1;
    if (columns == 0) {
      throw new TarnException(
          file + ": one column; expected features and, in the last column, the class");
    }
    HostTensor features = HostTensor.zeros(Spec.f32(Shape.of(table.rows(), columns)));
    int[] labels = new int[table.rows()];
    int classes = 2;
    for (int row = 0; row < labels.length; row++) {
      float label = table.get(row, columns);
      if (label < 0 || label != (int) label || label >= MAX_CLASSES) {
        throw new TarnException(
            file
                + ":"
                + table.line(row)
                + ": the last column is "
                + label
                + ", not a class: an integer from 0");
      }
      labels[row] = (int) label;
      classes = Math.max(classes, labels[row] + 1);
    }
    copy(table, columns, features.floats());
    return new ArrayDataset(shaped(features), HostTensor.of(labels, labels.length), classes);
  }

  /** The features with every example in the shape that the run file asks for. */
  private HostTensor shaped(HostTensor features) {
    if (shape == null) {
      return features;
    }
    Shape given = features.shape().withoutFirst();
    if (given.size() != shape.size()) {
      throw new TarnException(
          "data.shape: "
              + shape
              + " has "
              + shape.size()
              + " elements, an example of "
              + name()
              + " has "
              + given.size()
              + " features");
    }
    return HostTensor.of(features.floats(), shape.prepend(features.shape().dim(0)));
  }

  private void copy(CsvTable table, int columns, float[] to) {
    for (int row = 0; row < table.rows(); row++) {
      for (int column = 0; column < columns; column++) {
        to[row * columns + column] = table.get(row, column);
      }
    }
    scale(to);
  }

  private void scale(float[] values) {
    if (scale != 1) {
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (values[i] * scale);
      }
    }
  }
}
