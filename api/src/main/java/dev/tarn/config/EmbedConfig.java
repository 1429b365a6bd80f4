package dev.tarn.config;

import dev.tarn.HostTensor;
import dev.tarn.data.CsvFormat;
import dev.tarn.data.Preprocessing.Column;
import dev.tarn.data.Preprocessing.Kind;
import dev.tarn.nn.CategoryEmbeddings;
import dev.tarn.nn.Embedding;
import dev.tarn.nn.Initializer;
import dev.tarn.nn.Initializers;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Categorical columns that the model has vectors for: {@code embed: auto}, {@code embed: 8} for all
 * of them, or {@code embed: {colour: 8, town: auto}} for some.
 */
final class EmbedConfig {
  /** What the embeddings are called in paths: {@code embed.colour.weight}. */
  static final String NAME = "embed";

  private static final String AUTO = "auto";
  private static final int MAX_WIDTH = 1 << 16;

  /**
   * Where training has no missing category, nothing trains the vector of those that are not known,
   * which then had better be the mean of all than any.
   */
  private static final Initializer UNKNOWN_IS_ZERO =
      (shape, seed, path) -> {
        HostTensor table = Initializers.normal(1).create(shape, seed, path);
        Arrays.fill(table.floats(), 0, shape.dim(1), 0);
        return table;
      };

  private EmbedConfig() {}

  static Map<String, Integer> read(YamlValue value, List<String> categorical) {
    if (categorical.isEmpty()) {
      throw value.error("no column is categorical; name those with categories under 'categorical'");
    }
    Map<String, Integer> widths = new LinkedHashMap<>();
    if (!value.isMapping()) {
      int width = width(value);
      categorical.forEach(column -> widths.put(column, width));
      return widths;
    }
    value
        .entries()
        .forEach(
            (column, entry) -> {
              if (!categorical.contains(column)) {
                throw new ConfigException(
                    String.format(
                        "%s: %s: '%s' is not among 'categorical'; %s",
                        entry.keyPlace().text(),
                        value.path(),
                        column,
                        Fields.meant(column, categorical)));
              }
              widths.put(column, width(entry.value()));
            });
    return widths;
  }

  private static int width(YamlValue value) {
    if (value.isScalar() && !value.isNothing() && value.text().equals(AUTO)) {
      return CsvFormat.AUTO;
    }
    if (!value.isScalar() || !value.flow().matches("[0-9]+")) {
      throw value.expected("the width of vectors, or auto");
    }
    return (int) value.integer(1, MAX_WIDTH);
  }

  static Map<String, Object> toYaml(Map<String, Integer> widths) {
    Map<String, Object> yaml = new LinkedHashMap<>();
    widths.forEach((column, width) -> yaml.put(column, width == CsvFormat.AUTO ? AUTO : width));
    return yaml;
  }

  /** The vectors for what was learned; named as the columns are, or by their positions from 1. */
  static CategoryEmbeddings module(List<Column> columns) {
    CategoryEmbeddings embeddings = new CategoryEmbeddings();
    Set<String> taken = new HashSet<>();
    for (int i = 0; i < columns.size(); i++) {
      Column column = columns.get(i);
      if (column.kind() == Kind.INDEX) {
        String clean = column.name().replaceAll("[^\\p{IsAlphabetic}\\p{IsDigit}_-]+", "_");
        String name = clean.isEmpty() ? "column" + (i + 1) : clean;
        int vocabulary = column.categories().size() + 1;
        embeddings.add(
            taken.add(name) ? name : name + "_" + (i + 1),
            Embedding.of(vocabulary, column.embedding()).weights(UNKNOWN_IS_ZERO));
      }
    }
    return embeddings;
  }

  /** Refuses a layer that is called as the embeddings are. */
  static void refuseName(List<LayerConfig> layers) {
    for (LayerConfig layer : layers) {
      if (NAME.equals(layer.name())) {
        throw new ConfigException(
            layer.place()
                + ": '"
                + NAME
                + "' is what data.embed calls its vectors; choose another");
      }
    }
  }

  /** Whether there are columns with vectors. */
  static boolean isIn(List<Column> columns) {
    return columns.stream().anyMatch(column -> column.kind() == Kind.INDEX);
  }
}
