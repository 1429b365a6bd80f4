package dev.tarn.config;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.CsvFormat;
import dev.tarn.data.CsvTable;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.data.Normalization.Method;
import dev.tarn.data.Preprocessing;
import dev.tarn.data.Preprocessing.Kind;
import dev.tarn.data.Preprocessing.Options;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
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
    return prepare(csv != null ? CsvTable.read(csv, format()).dataset() : Datasets.named(name()));
  }

  private CsvFormat format() {
    List<String> last =
        IntStream.rangeClosed(1, targets).mapToObj(i -> String.valueOf(i - targets - 1)).toList();
    return targets > 0 ? CsvFormat.features().withTargets(last) : CsvFormat.labelled("-1");
  }

  private Dataset prepare(Dataset raw) {
    Options options = new Options(Method.NONE, scale, false, Kind.ONE_HOT, shape);
    return Preprocessing.fit(raw, List.of(), options).apply(raw);
  }

  /**
   * The rows of a table of features, scaled: f32 {@code [rows, columns]}.
   *
   * @param features how many columns there must be
   * @throws TarnException if there are others
   */
  public HostTensor features(CsvTable table, Shape features, Path file) {
    int columns = table.columns().size();
    if (columns != features.size()) {
      throw new TarnException(
          file
              + ": "
              + columns
              + " columns; the model was trained on "
              + features.size()
              + " features");
    }
    Dataset rows = prepare(table.dataset());
    Batch batch = Batch.zeros(rows.features(), List.of(), rows.size());
    rows.gather(IntStream.range(0, rows.size()).toArray(), 0, batch);
    return batch.feature();
  }
}
