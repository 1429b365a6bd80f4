package dev.tarn.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Pieces of a JSON schema, draft 2020-12. */
final class Schemas {
  static final Map<String, Object> TEXT = Map.of("type", "string");
  static final Map<String, Object> NUMBER = Map.of("type", "number");
  static final Map<String, Object> BOOL = Map.of("type", "boolean");
  static final Map<String, Object> COUNT = integer(1);
  static final Map<String, Object> POSITIVE = Map.of("type", "number", "exclusiveMinimum", 0);
  static final Map<String, Object> TEXTS = oneOrList(Map.of("type", List.of("string", "number")));

  private Schemas() {}

  static Map<String, Object> integer(long least) {
    return Map.of("type", "integer", "minimum", least);
  }

  static Map<String, Object> number(double least, double most) {
    return Map.of("type", "number", "minimum", least, "maximum", most);
  }

  static Map<String, Object> word(List<String> words) {
    return Map.of("enum", words);
  }

  static Map<String, Object> ref(String definition) {
    return Map.of("$ref", "#/$defs/" + definition);
  }

  static Map<String, Object> list(Map<String, Object> element, int least, int most) {
    return Map.of("type", "array", "items", element, "minItems", least, "maxItems", most);
  }

  static Map<String, Object> list(Map<String, Object> element, int least) {
    return Map.of("type", "array", "items", element, "minItems", least);
  }

  static Map<String, Object> oneOrList(Map<String, Object> element) {
    return any(element, list(element, 1));
  }

  static Map<String, Object> any(Map<String, Object> one, Map<String, Object> other) {
    return Map.of("anyOf", List.of(one, other));
  }

  /** With the value that it has if it is not given. */
  static Map<String, Object> unless(Map<String, Object> schema, Object value) {
    Map<String, Object> with = new LinkedHashMap<>(schema);
    with.put("default", value);
    return with;
  }

  /** With a sentence on what it means. */
  static Map<String, Object> about(Map<String, Object> schema, String sentence) {
    Map<String, Object> with = new LinkedHashMap<>(schema);
    with.put("description", sentence);
    return with;
  }

  /** An object that has no other keys. */
  static Map<String, Object> object(
      Map<String, ? extends Map<String, Object>> properties, String... required) {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", properties);
    if (required.length > 0) {
      schema.put("required", List.of(required));
    }
    schema.put("additionalProperties", false);
    return schema;
  }

  /** What a catalogue reads: a name, or one key with settings. */
  static Map<String, Object> of(Catalog catalog) {
    List<String> alone = new ArrayList<>();
    Map<String, Map<String, Object>> kinds = new LinkedHashMap<>();
    catalog
        .kinds()
        .forEach(
            (kind, settings) -> {
              Map<String, Map<String, Object>> properties = new LinkedHashMap<>();
              List<String> required = new ArrayList<>();
              for (Catalog.Setting setting : settings) {
                Object unless = setting.unless();
                properties.put(
                    setting.key(),
                    unless == null ? setting.schema() : unless(setting.schema(), unless));
                if (setting.required()) {
                  required.add(setting.key());
                }
              }
              if (required.isEmpty()) {
                alone.add(kind);
              }
              kinds.put(kind, object(properties, required.toArray(String[]::new)));
            });
    Map<String, Object> mapping = object(kinds);
    mapping.put("minProperties", 1);
    mapping.put("maxProperties", 1);
    return any(word(alone), mapping);
  }
}
