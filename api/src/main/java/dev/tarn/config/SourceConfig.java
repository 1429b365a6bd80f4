package dev.tarn.config;

import dev.tarn.Shape;
import dev.tarn.data.ColumnException;
import dev.tarn.data.CsvFormat;
import dev.tarn.data.CsvTable;
import dev.tarn.data.DataSource;
import dev.tarn.data.Datasets;
import dev.tarn.data.ImageFolder;
import dev.tarn.data.ImageOptions;
import dev.tarn.data.ImageOptions.Fit;
import dev.tarn.data.LabelledArrays;
import dev.tarn.data.SyntheticData;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Where the data of a run file come from. */
public sealed interface SourceConfig {
  /** For each kind of source, the keys that go with it. */
  Map<String, List<String>> KEYS = keys();

  private static Map<String, List<String>> keys() {
    Map<String, List<String>> keys = new LinkedHashMap<>();
    keys.put("set", List.of("directory"));
    keys.put(
        "csv",
        List.of(
            "header",
            "separator",
            "decimal",
            "label",
            "targets",
            "categorical",
            "embed",
            "ignore",
            "missing",
            "indicator"));
    keys.put("idx", List.of("label"));
    keys.put("npz", List.of("features", "label", "targets"));
    keys.put("images", List.of("size", "fit", "gray"));
    keys.put("synthetic", List.of("examples", "classes"));
    return keys;
  }

  /** The set, file or directory. */
  String name();

  /** Whether the data have classes rather than numbers to predict. */
  default boolean classifies() {
    return true;
  }

  /** Whether the model has vectors for columns of categories. */
  default boolean embeds() {
    return false;
  }

  /**
   * Reads the data.
   *
   * @throws dev.tarn.TarnException if they are not there or not as they should be
   */
  DataSource open();

  /** The keys that only say where the data are, with the path of each that is given. */
  default Map<String, Optional<Path>> places() {
    return Map.of();
  }

  /** The entries of the run file. */
  Map<String, Object> toYaml();

  /**
   * A data set known by name.
   *
   * @param directory where its files are, or null to look for them
   */
  record Named(String name, @Nullable Path directory) implements SourceConfig {
    @Override
    public DataSource open() {
      return Datasets.source(name, directory);
    }

    @Override
    public Map<String, Optional<Path>> places() {
      return Map.of("directory", Optional.ofNullable(directory));
    }

    @Override
    public Map<String, Object> toYaml() {
      Map<String, Object> yaml = new LinkedHashMap<>(Map.of("set", name));
      if (directory != null) {
        yaml.put("directory", directory.toString());
      }
      return yaml;
    }
  }

  /**
   * A table.
   *
   * @param indicator whether a number that may be missing gets a feature that says so
   * @param keys where the run file names columns, for messages; equal tables may differ in it
   */
  record Csv(Path file, CsvFormat format, boolean indicator, Map<String, String> keys)
      implements SourceConfig {
    /** Copies the places. */
    public Csv {
      keys = Map.copyOf(keys);
    }

    /** A table that no run file names columns of. */
    public Csv(Path file, CsvFormat format, boolean indicator) {
      this(file, format, indicator, Map.of());
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Csv csv
          && file.equals(csv.file)
          && format.equals(csv.format)
          && indicator == csv.indicator;
    }

    @Override
    public int hashCode() {
      return Objects.hash(file, format, indicator);
    }

    @Override
    public String name() {
      return file.toString();
    }

    @Override
    public boolean classifies() {
      return format.targets().isEmpty();
    }

    @Override
    public boolean embeds() {
      return !format.embed().isEmpty();
    }

    @Override
    public DataSource open() {
      try {
        return DataSource.of(CsvTable.read(file, format));
      } catch (ColumnException e) {
        String place = keys.get(e.key());
        throw place == null ? e : new ConfigException(place + ": " + e.getMessage(), e);
      }
    }

    @Override
    public Map<String, Optional<Path>> places() {
      return Map.of("csv", Optional.of(file));
    }

    @Override
    public Map<String, Object> toYaml() {
      Map<String, Object> yaml = new LinkedHashMap<>();
      yaml.put("csv", file.toString());
      if (format.header() != null) {
        yaml.put("header", format.header());
      }
      yaml.put("separator", String.valueOf(format.separator()));
      yaml.put("decimal", String.valueOf(format.decimal()));
      yaml.put(
          classifies() ? "label" : "targets",
          classifies() ? String.valueOf(format.label()) : format.targets());
      yaml.put("categorical", format.categorical());
      if (!format.embed().isEmpty()) {
        yaml.put("embed", EmbedConfig.toYaml(format.embed()));
      }
      yaml.put("ignore", format.ignore());
      yaml.put("missing", List.copyOf(new TreeSet<>(format.missing())));
      yaml.put("indicator", indicator);
      return yaml;
    }
  }

  /** Two IDX files. */
  record Idx(Path features, Path label) implements SourceConfig {
    @Override
    public String name() {
      return features.toString();
    }

    @Override
    public DataSource open() {
      return LabelledArrays.idx(features, label);
    }

    @Override
    public Map<String, Optional<Path>> places() {
      Map<String, Optional<Path>> places = new LinkedHashMap<>();
      places.put("idx", Optional.of(features));
      places.put("label", Optional.of(label));
      return places;
    }

    @Override
    public Map<String, Object> toYaml() {
      Map<String, Object> yaml = new LinkedHashMap<>();
      yaml.put("idx", features.toString());
      yaml.put("label", label.toString());
      return yaml;
    }
  }

  /**
   * Two arrays of NumPy.
   *
   * @param target the array of classes, or of numbers to predict
   * @param classifies which of the two
   */
  record Npz(Path file, String features, String target, boolean classifies)
      implements SourceConfig {
    @Override
    public String name() {
      return file.toString();
    }

    @Override
    public DataSource open() {
      return LabelledArrays.npz(file, features, target, !classifies);
    }

    @Override
    public Map<String, Optional<Path>> places() {
      return Map.of("npz", Optional.of(file));
    }

    @Override
    public Map<String, Object> toYaml() {
      Map<String, Object> yaml = new LinkedHashMap<>();
      yaml.put("npz", file.toString());
      yaml.put("features", features);
      yaml.put(classifies ? "label" : "targets", target);
      return yaml;
    }
  }

  /** A directory of images for each class. */
  record Images(Path directory, ImageOptions options) implements SourceConfig {
    @Override
    public String name() {
      return directory.toString();
    }

    @Override
    public DataSource open() {
      return ImageFolder.read(directory, options);
    }

    @Override
    public Map<String, Optional<Path>> places() {
      return Map.of("images", Optional.of(directory));
    }

    @Override
    public Map<String, Object> toYaml() {
      Map<String, Object> yaml = new LinkedHashMap<>();
      yaml.put("images", directory.toString());
      if (options.height() > 0) {
        yaml.put("size", List.of(options.height(), options.width()));
      }
      yaml.put("fit", options.fit().toString());
      yaml.put("gray", options.gray());
      return yaml;
    }
  }

  /** Random numbers. */
  record Synthetic(Shape shape, int examples, int classes) implements SourceConfig {
    @Override
    public String name() {
      return "synthetic";
    }

    @Override
    public DataSource open() {
      return SyntheticData.classes(shape, examples, classes);
    }

    @Override
    public Map<String, Object> toYaml() {
      Map<String, Object> yaml = new LinkedHashMap<>();
      yaml.put("synthetic", Arrays.stream(shape.dims()).boxed().toList());
      yaml.put("examples", examples);
      yaml.put("classes", classes);
      return yaml;
    }
  }

  /** Reads the source of a run file's data. */
  static SourceConfig read(YamlValue value, Fields fields) {
    List<String> kinds = List.copyOf(KEYS.keySet());
    Fields.refuseClash(value, kinds);
    List<String> given = kinds.stream().filter(kind -> fields.get(kind) != null).toList();
    if (given.size() != 1) {
      throw value.error("expected one of " + String.join(", ", kinds) + ": where the data are");
    }
    String kind = given.get(0);
    KEYS.forEach(
        (other, keys) -> {
          for (String key : keys) {
            YamlValue stray = fields.get(key);
            if (stray != null && !KEYS.getOrDefault(kind, List.of()).contains(key)) {
              throw stray.error("belongs to data of another kind than '" + kind + "'");
            }
          }
        });
    YamlValue source = fields.require(kind);
    return switch (kind) {
      case "set" -> named(source, fields.get("directory"));
      case "csv" -> csv(path(source), fields);
      case "idx" -> new Idx(path(source), path(fields.require("label")));
      case "npz" -> npz(path(source), fields);
      case "images" -> images(path(source), fields);
      default -> synthetic(DataConfig.shape(source), fields);
    };
  }

  private static SourceConfig named(YamlValue set, @Nullable YamlValue directory) {
    List<String> known = Datasets.names();
    if (!known.contains(set.text())) {
      throw set.error("no data set '" + set.text() + "'; " + Fields.meant(set.text(), known));
    }
    return new Named(set.text(), directory == null ? null : path(directory));
  }

  private static SourceConfig csv(Path file, Fields fields) {
    YamlValue header = fields.get("header");
    YamlValue separator = fields.get("separator");
    YamlValue decimal = fields.get("decimal");
    YamlValue label = fields.get("label");
    YamlValue targets = fields.get("targets");
    YamlValue indicator = fields.get("indicator");
    YamlValue embed = fields.get("embed");
    List<String> categorical = texts(fields.get("categorical"));
    if (label != null && targets != null) {
      throw targets.error("give either 'label' or 'targets', not both");
    }
    if (separator != null
        && (separator.text().length() != 1 || !",;|: \t".contains(separator.text()))) {
      throw separator.expected("one of , ; | : a space or \"\\t\"");
    }
    if (decimal != null && !List.of(".", ",").contains(decimal.text())) {
      throw decimal.expected("\".\" or \",\"");
    }
    CsvFormat format =
        CsvFormat.features()
            .withHeader(header == null ? null : (Boolean) header.bool())
            .withSeparator(separator == null ? ',' : separator.text().charAt(0))
            .withDecimal(decimal == null ? '.' : decimal.text().charAt(0))
            .withLabel(targets != null ? null : label == null ? "-1" : label.text())
            .withTargets(targets == null ? List.of() : targets(targets))
            .withCategorical(categorical)
            .withEmbed(embed == null ? Map.of() : EmbedConfig.read(embed, categorical))
            .withIgnore(texts(fields.get("ignore")))
            .withMissing(Set.copyOf(texts(fields.get("missing"))));
    Map<String, String> keys = new HashMap<>();
    for (String key : List.of("label", "targets", "ignore", "categorical")) {
      YamlValue given = fields.get(key);
      if (given != null) {
        keys.put(key, given.place().text());
      }
    }
    return new Csv(file, format, indicator != null && indicator.bool(), keys);
  }

  /** Names of columns, or how many of the last ones. */
  private static List<String> targets(YamlValue value) {
    if (value.isList() && !value.values().isEmpty()) {
      return texts(value);
    }
    int count = (int) value.integer(1, 1_000_000);
    return IntStream.range(0, count).mapToObj(i -> String.valueOf(i - count)).toList();
  }

  private static List<String> texts(@Nullable YamlValue value) {
    if (value == null) {
      return List.of();
    }
    List<YamlValue> values = value.isList() ? value.values() : List.of(value);
    List<String> texts = new ArrayList<>();
    for (YamlValue each : values) {
      if (texts.contains(each.text())) {
        throw each.error("'" + each.text() + "' is there twice");
      }
      texts.add(each.text());
    }
    return List.copyOf(texts);
  }

  private static SourceConfig npz(Path file, Fields fields) {
    YamlValue features = fields.get("features");
    YamlValue label = fields.get("label");
    YamlValue targets = fields.get("targets");
    if (label != null && targets != null) {
      throw targets.error("give either 'label' or 'targets', not both");
    }
    YamlValue target = targets != null ? targets : label;
    return new Npz(
        file,
        features == null ? "x" : features.text(),
        target == null ? "y" : target.text(),
        targets == null);
  }

  private static SourceConfig images(Path directory, Fields fields) {
    YamlValue size = fields.get("size");
    YamlValue fit = fields.get("fit");
    YamlValue gray = fields.get("gray");
    ImageOptions options = ImageOptions.AS_THEY_ARE.withGray(gray != null && gray.bool());
    if (size != null) {
      if (!size.isList() || size.values().size() != 2) {
        throw size.expected("rows and columns, such as [32, 32]");
      }
      int rows = (int) size.values().get(0).integer(1, 8192);
      int columns = (int) size.values().get(1).integer(1, 8192);
      options = options.withSize(rows, columns);
    }
    if (fit != null) {
      if (!fit.isScalar() || !List.of("crop", "stretch").contains(fit.text())) {
        throw fit.expected("crop or stretch");
      }
      options = options.withFit(Fit.valueOf(fit.text().toUpperCase(Locale.ROOT)));
    }
    return new Images(directory, options);
  }

  private static Synthetic synthetic(Shape shape, Fields fields) {
    int examples = (int) fields.require("examples").integer(1, 1 << 24);
    int classes = (int) fields.require("classes").integer(1, 1 << 24);
    return new Synthetic(shape, examples, classes);
  }

  private static Path path(YamlValue value) {
    try {
      return value.place().base().resolve(value.text()).toAbsolutePath().normalize();
    } catch (InvalidPathException e) {
      throw value.expected("a path");
    }
  }
}
