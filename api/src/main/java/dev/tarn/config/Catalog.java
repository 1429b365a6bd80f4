package dev.tarn.config;

import dev.tarn.TarnException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.DoublePredicate;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The kinds of a thing that a run file may choose from, each with its settings. */
final class Catalog {
  /**
   * A setting of a kind.
   *
   * @param key its key in run files
   * @param unless its value if it is not given, or null
   * @param required whether it must be given
   * @param schema what a JSON schema says of its value
   * @param read makes the value of what a run file says
   */
  record Setting(
      String key,
      @Nullable Object unless,
      boolean required,
      Map<String, Object> schema,
      Function<YamlValue, Object> read) {
    Setting(
        String key, @Nullable Object unless, boolean required, Function<YamlValue, Object> read) {
      this(key, unless, required, Map.of(), read);
    }

    Setting needed() {
      return new Setting(key, null, true, schema, read);
    }

    /** Not required, and without a value if it is not given. */
    Setting optional() {
      return new Setting(key, null, false, schema, read);
    }

    private Setting with(Map<String, Object> ofValue) {
      return new Setting(key, unless, required, ofValue, read);
    }
  }

  private final String noun;
  private final Map<String, List<Setting>> kinds = new LinkedHashMap<>();

  /** An empty catalog of losses, optimizers or the like. */
  Catalog(String noun) {
    this.noun = noun;
  }

  /** Adds a kind. */
  Catalog kind(String name, Setting... settings) {
    kinds.put(name, List.of(settings));
    return this;
  }

  /** The kinds with their settings. */
  Map<String, List<Setting>> kinds() {
    return new LinkedHashMap<>(kinds);
  }

  /** The keys of each kind. */
  Map<String, List<String>> keys() {
    Map<String, List<String>> keys = new LinkedHashMap<>();
    kinds.forEach((kind, list) -> keys.put(kind, list.stream().map(Setting::key).toList()));
    return keys;
  }

  /**
   * Reads {@code kind} or {@code kind: {key: value}}.
   *
   * @param check makes the thing, to see whether its settings go together
   * @throws ConfigException naming the place and, of an unknown name, the one that was meant
   */
  Choice read(YamlValue value, Consumer<Choice> check) {
    List<String> names = List.copyOf(kinds.keySet());
    String kind;
    YamlValue given;
    if (value.isScalar()) {
      kind = value.text();
      if (!kinds.containsKey(kind)) {
        throw value.error("unknown " + noun + " '" + kind + "'; " + Fields.meant(kind, names));
      }
      given = YamlValue.mapping(value.place(), YamlReader.join(value.path(), kind), Map.of());
    } else {
      Fields fields = new Fields(value, names);
      Fields.refuseClash(value, names);
      if (value.entries().size() != 1) {
        throw value.expected("one of " + String.join(", ", names));
      }
      kind = value.entries().keySet().iterator().next();
      given = fields.require(kind);
    }
    Choice choice = new Choice(kind, settings(kind, given));
    try {
      check.accept(choice);
    } catch (ConfigException e) {
      throw e;
    } catch (TarnException e) {
      throw given.error(String.valueOf(e.getMessage()));
    }
    return choice;
  }

  /** A kind with every setting as it is if it is not given. */
  Choice plain(String kind) {
    Map<String, Object> settings = new LinkedHashMap<>();
    for (Setting setting : kinds.getOrDefault(kind, List.of())) {
      if (setting.unless() != null) {
        settings.put(setting.key(), setting.unless());
      }
    }
    return new Choice(kind, settings);
  }

  private Map<String, Object> settings(String kind, YamlValue given) {
    List<Setting> known = kinds.getOrDefault(kind, List.of());
    Fields fields = new Fields(given, known.stream().map(Setting::key).toList());
    Map<String, Object> settings = new LinkedHashMap<>();
    for (Setting setting : known) {
      YamlValue value =
          setting.required() ? fields.require(setting.key()) : fields.get(setting.key());
      Object read = value == null ? setting.unless() : setting.read().apply(value);
      if (read != null) {
        settings.put(setting.key(), read);
      }
    }
    return settings;
  }

  /** A number for which a check holds. */
  static Setting number(String key, double unless, String what, DoublePredicate check) {
    return new Setting(key, unless, false, value -> value.number(what, check))
        .with(Map.of("type", "number", "description", "a number " + what));
  }

  /** A number above 0. */
  static Setting positive(String key, double unless) {
    return number(key, unless, "above 0", v -> v > 0)
        .with(Map.of("type", "number", "exclusiveMinimum", 0));
  }

  /** A number of at least 0. */
  static Setting notNegative(String key, double unless) {
    return number(key, unless, "of at least 0", v -> v >= 0)
        .with(Map.of("type", "number", "minimum", 0));
  }

  /** A number of at least 0 and below 1. */
  static Setting fraction(String key, double unless) {
    return number(key, unless, "of at least 0 and below 1", v -> v >= 0 && v < 1)
        .with(Map.of("type", "number", "minimum", 0, "exclusiveMaximum", 1));
  }

  /** An integer of at least some number. */
  static Setting count(String key, long unless, long least) {
    return new Setting(key, unless, false, value -> value.integer(least, Integer.MAX_VALUE))
        .with(Map.of("type", "integer", "minimum", least));
  }

  /** True or false. */
  static Setting flag(String key) {
    return new Setting(key, false, false, YamlValue::bool).with(Map.of("type", "boolean"));
  }

  /** One of some words, the first unless it is given. */
  static Setting word(String key, String... words) {
    List<String> known = List.of(words);
    return new Setting(
            key,
            known.get(0),
            false,
            value -> {
              if (!value.isScalar() || !known.contains(value.text())) {
                throw value.expected(String.join(" or ", known));
              }
              return value.text();
            })
        .with(Map.of("enum", known));
  }

  /** A list of values. */
  static Setting list(String key, String what, Function<YamlValue, Object> element) {
    return new Setting(
        key,
        null,
        true,
        Map.of("type", "array", "minItems", 1, "description", what),
        value -> {
          if (!value.isList() || value.values().isEmpty()) {
            throw value.expected(what);
          }
          List<Object> values = new ArrayList<>();
          value.values().forEach(each -> values.add(element.apply(each)));
          return List.copyOf(values);
        });
  }
}
