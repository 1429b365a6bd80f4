package dev.tarn.config;

import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.Augmentation;
import dev.tarn.data.Batches;
import dev.tarn.data.CsvFormat;
import dev.tarn.data.CsvTable;
import dev.tarn.data.DataSource;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.data.Folds;
import dev.tarn.data.Normalization.Method;
import dev.tarn.data.Preprocessing;
import dev.tarn.data.Preprocessing.Kind;
import dev.tarn.data.Preprocessing.Options;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The data of a run file.
 *
 * @param source where they come from
 * @param normalize how features are shifted and scaled, as the training part says
 * @param scale what features are multiplied by where they are not normalized
 * @param shape the shape of one example, for instance channels, rows and columns, or null if it is
 *     as the data say
 * @param split the shares of training, validation and test
 * @param stratify whether every class has these shares
 * @param augment how training images change in every epoch
 * @param prefetch how many batches are loaded ahead; 0 for none
 */
public record DataConfig(
    SourceConfig source,
    Method normalize,
    double scale,
    @Nullable Shape shape,
    List<Double> split,
    boolean stratify,
    Augmentation augment,
    int prefetch) {
  /** The keys that go with every source. */
  static final List<String> COMMON =
      List.of("normalize", "scale", "shape", "split", "stratify", "augment", "prefetch");

  static final List<String> KEYS =
      Stream.of(
              SourceConfig.KEYS.keySet().stream(),
              SourceConfig.KEYS.values().stream().flatMap(List::stream),
              COMMON.stream())
          .flatMap(keys -> keys)
          .distinct()
          .toList();

  private static final List<Double> SPLIT = List.of(0.8, 0.1, 0.1);
  private static final int MAX_EXTENT = 1 << 24;
  private static final int MAX_PREFETCH = 64;

  /** Copies the shares. */
  public DataConfig {
    split = List.copyOf(split);
  }

  static DataConfig read(YamlValue value) {
    Fields fields = new Fields(value, KEYS);
    YamlValue normalize = fields.get("normalize");
    YamlValue scale = fields.get("scale");
    YamlValue shape = fields.get("shape");
    YamlValue split = fields.get("split");
    YamlValue stratify = fields.get("stratify");
    YamlValue augment = fields.get("augment");
    YamlValue prefetch = fields.get("prefetch");
    Method method = normalize == null ? Method.NONE : method(normalize);
    double factor = scale == null ? 1 : scale.number("other than 0", v -> v != 0);
    if (scale != null && factor != 1 && method != Method.NONE) {
      throw scale.error("give either 'scale' or 'normalize', not both");
    }
    SourceConfig source = SourceConfig.read(value, fields);
    if (stratify != null && stratify.bool() && !source.classifies()) {
      throw stratify.error("only data with classes can be stratified");
    }
    if (shape != null && source.embeds()) {
      throw shape.error("columns that are embedded have no shape; leave 'shape' or 'embed' out");
    }
    return new DataConfig(
        source,
        method,
        factor,
        shape == null ? null : shape(shape),
        split == null ? SPLIT : shares(split),
        stratify != null && stratify.bool(),
        augment == null ? Augmentation.of() : AugmentConfig.read(augment),
        prefetch == null ? 0 : (int) prefetch.integer(0, MAX_PREFETCH));
  }

  private static Method method(YamlValue value) {
    for (Method method : Method.values()) {
      if (value.isScalar() && method.toString().equals(value.text())) {
        return method;
      }
    }
    throw value.expected("one of " + Arrays.toString(Method.values()).toLowerCase(Locale.ROOT));
  }

  static Shape shape(YamlValue value) {
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
    Map<String, Object> data = new LinkedHashMap<>(source.toYaml());
    data.put("normalize", normalize.toString());
    data.put("scale", scale);
    if (shape != null) {
      data.put("shape", Arrays.stream(shape.dims()).boxed().toList());
    }
    data.put("split", split);
    data.put("stratify", stratify);
    data.put("augment", AugmentConfig.toYaml(augment));
    data.put("prefetch", prefetch);
    return data;
  }

  /** The name of the set, file or directory. */
  public String name() {
    return source.name();
  }

  /**
   * Reads the data, splits them, and prepares all parts as the training part says.
   *
   * @param seed the seed of the split
   * @throws dev.tarn.TarnException if they are not there or not as they should be, or an example
   *     does not fill {@link #shape}
   */
  public Prepared load(long seed) {
    DataSource data = open();
    Dataset.Split parts = data.split(split.get(0), split.get(1), split.get(2), stratify, seed);
    boolean indicator = source instanceof SourceConfig.Csv csv && csv.indicator();
    return data.prepare(parts, new Options(normalize, scale, indicator, Kind.ONE_HOT, shape));
  }

  /**
   * Reads the data and cuts them into folds, each prepared as its training part says; a test part
   * that comes with the data is not used, nor is {@link #split}.
   *
   * @param seed the seed of the folds
   * @throws dev.tarn.TarnException as {@link #load} does, or if there are too few examples
   */
  public List<Prepared> folds(int count, long seed) {
    DataSource data = open();
    boolean indicator = source instanceof SourceConfig.Csv csv && csv.indicator();
    Options options = new Options(normalize, scale, indicator, Kind.ONE_HOT, shape);
    return Folds.of(data.data(), count, seed).stream()
        .map(fold -> data.prepare(fold, options))
        .toList();
  }

  /** The data to train with, which have two classes at least. */
  private DataSource open() {
    DataSource data = source.open();
    if (source.classifies() && data.labels().size() == 1) {
      throw new TarnException(
          data.name()
              + ": every row is of class '"
              + data.labels().get(0)
              + "'; there is nothing to learn: add rows of another class, or name another column"
              + " under 'label'");
    }
    return data;
  }

  /** Batches to train with. */
  public Batches batches(Dataset train, int size) {
    Batches batches = train.batch(size);
    batches = augment.steps().isEmpty() ? batches : batches.augment(augment);
    return prefetch == 0 ? batches : batches.prefetch(prefetch);
  }

  /**
   * Examples to predict from, out of a table without classes or targets.
   *
   * @param trained what was done with the training data
   * @param model the shape that the model takes
   * @throws dev.tarn.TarnException if the file cannot be read or does not fit the model
   */
  public Dataset rows(Path file, Preprocessing trained, Shape model) {
    return trained.applyTo(CsvTable.read(file, format(), trained), model);
  }

  /**
   * Examples to predict from, out of the text of a table.
   *
   * @param text the table, written as {@link #format} says but with decimal points
   * @param label stands for it in messages
   * @throws dev.tarn.TarnException if it does not fit the model
   */
  public Dataset rows(String text, String label, Preprocessing trained, Shape model) {
    CsvFormat points = format().withDecimal('.');
    return trained.applyTo(CsvTable.read(text, label, points, trained), model);
  }

  /** How tables are written. */
  public CsvFormat format() {
    return source instanceof SourceConfig.Csv csv ? csv.format() : CsvFormat.features();
  }
}
