package dev.tarn.config;

import static dev.tarn.config.Schemas.BOOL;
import static dev.tarn.config.Schemas.COUNT;
import static dev.tarn.config.Schemas.NUMBER;
import static dev.tarn.config.Schemas.POSITIVE;
import static dev.tarn.config.Schemas.TEXT;
import static dev.tarn.config.Schemas.TEXTS;
import static dev.tarn.config.Schemas.about;
import static dev.tarn.config.Schemas.any;
import static dev.tarn.config.Schemas.integer;
import static dev.tarn.config.Schemas.list;
import static dev.tarn.config.Schemas.number;
import static dev.tarn.config.Schemas.object;
import static dev.tarn.config.Schemas.ref;
import static dev.tarn.config.Schemas.unless;
import static dev.tarn.config.Schemas.word;

import dev.tarn.Precision;
import dev.tarn.data.Datasets;
import dev.tarn.data.Normalization.Method;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The run file as a JSON schema, draft 2020-12, for editors that complete and check. */
public final class RunSchema {
  private static final Map<String, Map<String, Object>> DATA =
      Map.ofEntries(
          Map.entry("set", about(word(Datasets.names()), "a data set by name")),
          Map.entry("csv", about(TEXT, "a table")),
          Map.entry("idx", about(TEXT, "a file of features in the format of MNIST")),
          Map.entry("npz", about(TEXT, "arrays of NumPy")),
          Map.entry("images", about(TEXT, "a directory with a directory of images per class")),
          Map.entry("synthetic", about(list(COUNT, 1), "random examples of a shape")),
          Map.entry("examples", COUNT),
          Map.entry("classes", COUNT),
          Map.entry("directory", TEXT),
          Map.entry("header", BOOL),
          Map.entry("separator", word(List.of(",", ";", "|", ":", " ", "\t"))),
          Map.entry("decimal", unless(word(List.of(".", ",")), ".")),
          Map.entry("label", Map.of("type", List.of("string", "integer"))),
          Map.entry("targets", any(TEXTS, COUNT)),
          Map.entry("categorical", TEXTS),
          Map.entry("embed", embed()),
          Map.entry("ignore", TEXTS),
          Map.entry("missing", TEXTS),
          Map.entry("indicator", unless(BOOL, false)),
          Map.entry("features", unless(TEXT, "x")),
          Map.entry("size", list(COUNT, 2, 2)),
          Map.entry("fit", unless(word(List.of("crop", "stretch")), "crop")),
          Map.entry("gray", unless(BOOL, false)),
          Map.entry(
              "normalize", word(Arrays.stream(Method.values()).map(Method::toString).toList())),
          Map.entry("scale", unless(NUMBER, 1)),
          Map.entry("shape", list(COUNT, 1)),
          Map.entry("split", unless(list(number(0, 1), 3, 3), List.of(0.8, 0.1, 0.1))),
          Map.entry("stratify", unless(BOOL, false)),
          Map.entry("augment", list(augmentation(), 0)),
          Map.entry("prefetch", unless(integer(0), 0)));

  private static final Map<String, Map<String, Object>> TRAIN =
      Map.ofEntries(
          Map.entry("loss", unless(Schemas.of(LossConfig.CATALOG), "cross_entropy")),
          Map.entry("optimizer", Schemas.of(OptimizerConfig.CATALOG)),
          Map.entry("schedule", Schemas.of(ScheduleConfig.CATALOG)),
          Map.entry("groups", list(group(), 0)),
          Map.entry("clip_norm", POSITIVE),
          Map.entry("clip_value", POSITIVE),
          Map.entry("accumulate", unless(COUNT, 1)),
          Map.entry("epochs", about(COUNT, "passes over the training data, in all")),
          Map.entry("batch", about(COUNT, "examples in a step")),
          Map.entry("metrics", list(metric(), 0)),
          Map.entry("early_stopping", any(COUNT, earlyStopping())),
          Map.entry("stop", stop()),
          Map.entry("folds", integer(2)),
          Map.entry("restarts", unless(COUNT, 1)),
          Map.entry("restart", unless(integer(0), 0)),
          Map.entry("evaluation_batch", unless(COUNT, 256)),
          Map.entry("checkpoint_every", about(COUNT, "steps between checkpoints in an epoch")));

  private RunSchema() {}

  /** The schema as maps, lists, texts, numbers and booleans. */
  public static Map<String, Object> schema() {
    Map<String, Map<String, Object>> keys = new LinkedHashMap<>();
    for (String key : RunConfig.KEYS) {
      keys.put(key, top(key));
    }
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("title", "A run file of Tarn");
    schema.putAll(object(keys, "data", "model", "train"));
    Map<String, Object> definitions = new LinkedHashMap<>();
    definitions.put("initializer", Schemas.of(InitializerConfig.CATALOG));
    definitions.put("layer", LayerSchemas.layer());
    definitions.put("layers", list(ref("layer"), 1));
    schema.put("$defs", definitions);
    return schema;
  }

  private static Map<String, Object> top(String key) {
    return switch (key) {
      case "name" -> about(TEXT, "of run directories; the file's name if it is left out");
      case "data" -> data();
      case "model" -> any(ref("layers"), ownClass());
      case "train" -> object(of(TrainConfig.KEYS, TRAIN), "optimizer", "epochs", "batch");
      case "seed" -> unless(Map.of("type", "integer"), 0);
      case "precision" ->
          unless(word(Arrays.stream(Precision.values()).map(Precision::toString).toList()), "fp32");
      case "device" ->
          unless(
              Map.of("type", "string", "pattern", "^(auto|reference|cpu|cuda(:[0-9]{1,3})?)$"),
              "auto");
      case "report" -> unless(BOOL, true);
      default -> Map.of();
    };
  }

  private static Map<String, Object> data() {
    Map<String, Object> data = object(of(DataConfig.KEYS, DATA));
    data.put(
        "oneOf",
        SourceConfig.KEYS.keySet().stream()
            .map(kind -> Map.of("required", List.of(kind)))
            .toList());
    return data;
  }

  private static Map<String, Object> ownClass() {
    return object(Map.of(ClassModel.KIND, TEXT, "args", Map.of("type", "object")), ClassModel.KIND);
  }

  /** The keys that the code reads, each with its schema; any value where none is known. */
  private static Map<String, Map<String, Object>> of(
      List<String> keys, Map<String, Map<String, Object>> known) {
    Map<String, Map<String, Object>> schemas = new LinkedHashMap<>();
    keys.forEach(key -> schemas.put(key, known.getOrDefault(key, Map.of())));
    return schemas;
  }

  private static Map<String, Object> embed() {
    Map<String, Object> width = any(COUNT, word(List.of("auto")));
    return any(width, Map.of("type", "object", "additionalProperties", width));
  }

  private static Map<String, Object> augmentation() {
    Map<String, Map<String, Object>> known =
        Map.of(
            "shift", COUNT,
            "flip", word(List.of("horizontal", "vertical")),
            "crop", POSITIVE,
            "rotate", POSITIVE,
            "noise", POSITIVE);
    Map<String, Object> change = object(of(AugmentConfig.KINDS, known));
    change.put("minProperties", 1);
    change.put("maxProperties", 1);
    return change;
  }

  /** With its settings, or with the value of its only one. */
  private static Map<String, Object> metric() {
    Map<String, Object> average = word(List.of("macro", "micro", "per_class"));
    Map<String, Object> brief =
        object(Map.of("top_k", COUNT, "precision", average, "recall", average, "f1", average));
    brief.put("minProperties", 1);
    brief.put("maxProperties", 1);
    return any(Schemas.of(MetricConfig.CATALOG), brief);
  }

  private static Map<String, Object> earlyStopping() {
    Map<String, Map<String, Object>> known =
        Map.of("patience", COUNT, "metric", TEXT, "min_delta", NUMBER);
    return object(of(StopConfig.EARLY_KEYS, known), "patience");
  }

  private static Map<String, Object> stop() {
    Map<String, Map<String, Object>> known =
        Map.of(
            "steps", COUNT,
            "seconds", POSITIVE,
            "gradient_norm", POSITIVE,
            "update", POSITIVE,
            "metric", Map.of("type", "object", "additionalProperties", NUMBER));
    return object(of(StopConfig.KEYS, known));
  }

  private static Map<String, Object> group() {
    Map<String, Map<String, Object>> known =
        Map.of(
            "match", TEXT,
            "freeze", BOOL,
            "lr", POSITIVE,
            "weight_decay", Map.of("type", "number", "minimum", 0));
    return object(of(GroupConfig.KEYS, known), "match");
  }

  /** The keys of data and train that have a schema of their own. */
  static List<String> known() {
    return java.util.stream.Stream.concat(DATA.keySet().stream(), TRAIN.keySet().stream())
        .sorted()
        .toList();
  }
}
