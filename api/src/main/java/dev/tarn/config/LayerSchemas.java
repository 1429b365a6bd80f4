package dev.tarn.config;

import static dev.tarn.config.Schemas.BOOL;
import static dev.tarn.config.Schemas.COUNT;
import static dev.tarn.config.Schemas.NUMBER;
import static dev.tarn.config.Schemas.POSITIVE;
import static dev.tarn.config.Schemas.TEXT;
import static dev.tarn.config.Schemas.any;
import static dev.tarn.config.Schemas.integer;
import static dev.tarn.config.Schemas.list;
import static dev.tarn.config.Schemas.object;
import static dev.tarn.config.Schemas.ref;
import static dev.tarn.config.Schemas.word;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The layers of run files as a JSON schema. */
final class LayerSchemas {
  private static final Map<String, Object> INIT = ref("initializer");
  private static final Map<String, Object> LAYERS = ref("layers");
  private static final Map<String, Object> EXTENTS = any(COUNT, list(COUNT, 1, 2));
  private static final Map<String, Object> SIDES = any(integer(0), list(integer(0), 2, 4));
  private static final Map<String, Object> RATE =
      Map.of("type", "number", "minimum", 0, "exclusiveMaximum", 1);

  /**
   * What a kind of layer takes.
   *
   * @param value in place of settings, or null
   * @param settings by key; empty if there are none
   * @param required the settings that must be given
   * @param alone whether the name is enough
   */
  private record Form(
      @Nullable Map<String, Object> value,
      Map<String, Map<String, Object>> settings,
      List<String> required,
      boolean alone) {}

  private final Map<String, Form> forms = new LinkedHashMap<>();

  private LayerSchemas() {
    form("dense", COUNT, weights("units", COUNT), "units");
    form("dropout", RATE, settings("rate", RATE, "spatial", BOOL), "rate");
    Map<String, Map<String, Object>> window =
        settings("kernel", EXTENTS, "stride", EXTENTS, "padding", SIDES, "ceil", BOOL);
    form("max_pool2d", EXTENTS, window, "kernel");
    Map<String, Map<String, Object>> average = new LinkedHashMap<>(window);
    average.put("count_include_pad", BOOL);
    form("avg_pool2d", EXTENTS, average, "kernel");
    form("upsample", COUNT, settings("factor", COUNT), "factor");
    form("adaptive_avg_pool2d", EXTENTS, settings("grid", EXTENTS), "grid");
    form("adaptive_max_pool2d", EXTENTS, settings("grid", EXTENTS), "grid");
    alone("batch_norm", null, norm("momentum", Schemas.number(0, 1)));
    alone("layer_norm", null, norm("epsilon", POSITIVE));
    form("group_norm", COUNT, norm("groups", COUNT), "groups");
    form("conv2d", null, convolution(), "filters", "kernel");
    form("conv1d", null, convolution(), "filters", "kernel");
    Map<String, Map<String, Object>> transposed = convolution();
    transposed.put("padding", SIDES);
    transposed.put("output_padding", any(integer(0), list(integer(0), 2, 2)));
    form("conv_transpose2d", null, transposed, "filters", "kernel");
    alone("leaky_relu", NUMBER, settings("slope", NUMBER));
    alone("prelu", null, settings("per_channel", BOOL, "init", INIT));
    alone("elu", POSITIVE, settings("alpha", POSITIVE));
    alone("celu", POSITIVE, settings("alpha", POSITIVE));
    form("maxout", integer(2), settings("group", integer(2)), "group");
    Map<String, Object> extents = list(Map.of("type", "integer", "minimum", -1), 1, 8);
    form("reshape", extents, settings());
    form("sequential", LAYERS, settings());
    form("residual", LAYERS, settings("layers", LAYERS, "shortcut", LAYERS), "layers");
    Map<String, Object> branch = list(ref("layer"), 0);
    form(
        "parallel",
        null,
        settings(
            "branches",
            list(branch, 2),
            "join",
            word(List.of("concat", "sum")),
            "axis",
            Map.of("type", "integer", "minimum", 1, "maximum", 7)),
        "branches");
    form("repeat", null, settings("times", COUNT, "layers", LAYERS), "times", "layers");
    form("shared", TEXT, settings());
    form(
        "embedding",
        null,
        settings("vocabulary", COUNT, "width", COUNT, "init", INIT),
        "vocabulary",
        "width");
  }

  private void form(
      String kind,
      @Nullable Map<String, Object> value,
      Map<String, Map<String, Object>> settings,
      String... required) {
    forms.put(kind, new Form(value, settings, List.of(required), false));
  }

  private void alone(
      String kind, @Nullable Map<String, Object> value, Map<String, Map<String, Object>> settings) {
    forms.put(kind, new Form(value, settings, List.of(), true));
  }

  @SuppressWarnings("unchecked") // keys and schemas in turn
  private static Map<String, Map<String, Object>> settings(Object... keysAndSchemas) {
    Map<String, Map<String, Object>> settings = new LinkedHashMap<>();
    for (int i = 0; i < keysAndSchemas.length; i += 2) {
      settings.put((String) keysAndSchemas[i], (Map<String, Object>) keysAndSchemas[i + 1]);
    }
    return settings;
  }

  private static Map<String, Map<String, Object>> weights(Object... keysAndSchemas) {
    Map<String, Map<String, Object>> settings = settings(keysAndSchemas);
    settings.putAll(settings("bias", BOOL, "init", INIT, "bias_init", INIT));
    return settings;
  }

  private static Map<String, Map<String, Object>> norm(String key, Map<String, Object> schema) {
    Map<String, Map<String, Object>> settings = settings(key, schema);
    settings.putAll(settings("epsilon", POSITIVE, "init", INIT, "bias_init", INIT));
    return settings;
  }

  private static Map<String, Map<String, Object>> convolution() {
    return weights(
        "filters",
        COUNT,
        "kernel",
        EXTENTS,
        "stride",
        EXTENTS,
        "dilation",
        EXTENTS,
        "groups",
        COUNT,
        "padding",
        any(word(List.of("same", "valid")), SIDES));
  }

  /** The settings that the schema knows for each kind that has any, by kind. */
  static Map<String, List<String>> keys() {
    Map<String, List<String>> keys = new LinkedHashMap<>();
    new LayerSchemas()
        .forms.forEach((kind, form) -> keys.put(kind, List.copyOf(form.settings.keySet())));
    return keys;
  }

  /** One layer: its name, or a key with its settings and perhaps a name. */
  static Map<String, Object> layer() {
    Map<String, Form> forms = new LayerSchemas().forms;
    List<String> names = new ArrayList<>();
    List<Map<String, Object>> oneKind = new ArrayList<>();
    Map<String, Map<String, Object>> properties = new LinkedHashMap<>();
    Form plain = new Form(null, Map.of(), List.of(), true);
    for (String kind : LayerConfig.KINDS) {
      Form form = forms.getOrDefault(kind, plain);
      if (form.alone) {
        names.add(kind);
      }
      oneKind.add(Map.of("required", List.of(kind)));
      properties.put(kind, value(form));
    }
    properties.put("name", TEXT);
    Map<String, Object> mapping = object(properties);
    mapping.put("oneOf", oneKind);
    return any(word(names), mapping);
  }

  private static Map<String, Object> value(Form form) {
    List<Map<String, Object>> forms = new ArrayList<>();
    if (form.alone) {
      forms.add(Map.of("type", "null"));
    }
    if (form.value != null) {
      forms.add(form.value);
    }
    if (!form.settings.isEmpty()) {
      forms.add(object(form.settings, form.required.toArray(String[]::new)));
    }
    return forms.size() == 1 ? forms.get(0) : Map.of("anyOf", forms);
  }
}
