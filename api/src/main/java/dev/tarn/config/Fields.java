package dev.tarn.config;

import dev.tarn.config.YamlValue.Entry;
import dev.tarn.internal.Names;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The entries of a mapping whose keys are known. */
final class Fields {
  /** What others call things. */
  private static final Map<String, String> SYNONYMS =
      Map.ofEntries(
          Map.entry("mae", "l1"),
          Map.entry("mean_squared_error", "mse"),
          Map.entry("smooth_l1", "huber"),
          Map.entry("nll", "cross_entropy"),
          Map.entry("bce", "binary_cross_entropy"),
          Map.entry("linear", "dense"),
          Map.entry("fc", "dense"),
          Map.entry("learning_rate", "lr"),
          Map.entry("batch_size", "batch"));

  private static final List<String> OF_OPTIMIZERS = List.of("lr", "weight_decay", "momentum");

  private final YamlValue mapping;
  private final Map<String, Entry> entries;

  /**
   * The entries of a mapping.
   *
   * @throws ConfigException if it is not a mapping or has an unknown key; it names the key meant
   */
  Fields(YamlValue mapping, List<String> known) {
    this.mapping = mapping;
    this.entries = mapping.entries();
    entries.forEach(
        (key, entry) -> {
          if (!known.contains(key)) {
            throw new ConfigException(
                entry.keyPlace().text() + ": unknown key '" + key + "'; " + meant(key, known));
          }
        });
  }

  @Nullable YamlValue get(String key) {
    Entry entry = entries.get(key);
    return entry == null ? null : entry.value();
  }

  YamlValue require(String key) {
    YamlValue value = get(key);
    if (value == null) {
      throw mapping.error("missing key '" + key + "'");
    }
    return value;
  }

  /**
   * Refuses an override that adds one of several alternatives beside another, and says how to
   * replace it.
   *
   * @throws ConfigException naming the override
   */
  static void refuseClash(YamlValue mapping, List<String> alternatives) {
    List<String> given =
        mapping.entries().keySet().stream().filter(alternatives::contains).toList();
    if (given.size() != 2 || mapping.place().isOverride()) {
      return;
    }
    for (int i = 0; i < 2; i++) {
      YamlValue added = mapping.entries().get(given.get(i)).value();
      if (added.place().isOverride()) {
        throw new ConfigException(
            String.format(
                "%s: %s has '%s' already; to replace it, write '%s={%s: %s}'",
                added.place().text(),
                mapping.path(),
                given.get(1 - i),
                mapping.path(),
                given.get(i),
                added.flow()));
      }
    }
  }

  /** {@code did you mean 'epochs'?}, or the names there are. */
  static String meant(String name, List<String> known) {
    String lower = name.toLowerCase(Locale.ROOT);
    String synonym = SYNONYMS.getOrDefault(lower, lower);
    if (known.contains("optimizer") && OF_OPTIMIZERS.contains(synonym)) {
      return "did you mean 'train.optimizer.<name>." + synonym + "'?";
    }
    return (known.contains(synonym) ? Optional.of(synonym) : Names.nearest(name, known))
        .map(best -> "did you mean '" + best + "'?")
        .orElseGet(() -> "expected one of " + String.join(", ", known));
  }
}
