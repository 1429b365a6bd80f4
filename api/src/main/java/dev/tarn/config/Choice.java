package dev.tarn.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One of several kinds of a thing with its settings, as a run file names it: {@code huber: {delta:
 * 2}}.
 *
 * @param kind the name
 * @param settings values by key, defaults filled in: numbers, booleans, texts, lists of numbers
 */
public record Choice(String kind, Map<String, Object> settings) {
  /** Copies the settings, keeping their order. */
  public Choice {
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  boolean has(String key) {
    return settings.containsKey(key);
  }

  double number(String key) {
    return ((Number) value(key)).doubleValue();
  }

  long whole(String key) {
    return (Long) value(key);
  }

  boolean flag(String key) {
    return (Boolean) value(key);
  }

  String text(String key) {
    return (String) value(key);
  }

  /** A list of numbers; empty if it is not given. */
  List<Number> numbers(String key) {
    return has(key)
        ? ((List<?>) value(key)).stream().map(value -> (Number) value).toList()
        : List.of();
  }

  /** The same with another value for a key. */
  Choice with(String key, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>(settings);
    changed.put(key, value);
    return new Choice(kind, changed);
  }

  Object toYaml() {
    return settings.isEmpty() ? kind : Map.of(kind, settings);
  }

  private Object value(String key) {
    Object value = settings.get(key);
    if (value == null) {
      throw new IllegalStateException(kind + " has no setting '" + key + "'");
    }
    return value;
  }
}
