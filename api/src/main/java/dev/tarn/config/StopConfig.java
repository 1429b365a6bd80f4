package dev.tarn.config;

import dev.tarn.train.EarlyStopping;
import dev.tarn.train.StopRules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What ends a training, as run files write it. */
final class StopConfig {
  static final List<String> EARLY_KEYS = List.of("patience", "metric", "min_delta");
  static final List<String> KEYS = List.of("steps", "seconds", "gradient_norm", "update", "metric");

  private StopConfig() {}

  /** Reads {@code 5} or {@code {patience: 5, metric: loss, min_delta: 0}}. */
  static EarlyStopping early(YamlValue value, List<Choice> metrics) {
    if (value.isScalar()) {
      return EarlyStopping.patience((int) value.integer(1, Integer.MAX_VALUE));
    }
    Fields fields = new Fields(value, EARLY_KEYS);
    YamlValue metric = fields.get("metric");
    YamlValue delta = fields.get("min_delta");
    return new EarlyStopping(
        (int) fields.require("patience").integer(1, Integer.MAX_VALUE),
        delta == null ? 0 : delta.number("of at least 0", v -> v >= 0),
        metric == null ? "loss" : measured(metric, metric.text(), metrics));
  }

  /** Reads the rules. */
  static StopRules rules(YamlValue value, List<Choice> metrics) {
    Fields fields = new Fields(value, KEYS);
    YamlValue steps = fields.get("steps");
    YamlValue targets = fields.get("metric");
    Map<String, Double> reached = new LinkedHashMap<>();
    if (targets != null) {
      targets
          .entries()
          .forEach(
              (name, entry) ->
                  reached.put(
                      measured(entry.value(), name, metrics),
                      entry.value().number("to be reached", v -> true)));
    }
    return new StopRules(
        steps == null ? 0 : steps.integer(1, Long.MAX_VALUE),
        positive(fields.get("seconds")),
        positive(fields.get("gradient_norm")),
        positive(fields.get("update")),
        reached);
  }

  private static double positive(@Nullable YamlValue value) {
    return value == null ? 0 : value.number("above 0", v -> v > 0);
  }

  private static String measured(YamlValue at, String name, List<Choice> metrics) {
    List<String> names = new ArrayList<>(List.of("loss"));
    metrics.forEach(metric -> names.add(MetricConfig.name(metric)));
    boolean known =
        names.stream().anyMatch(other -> name.equals(other) || name.startsWith(other + "."));
    if (!known) {
      throw at.error(
          "no metric '" + name + "' is measured (train.metrics); " + Fields.meant(name, names));
    }
    return name;
  }

  static Map<String, Object> toYaml(EarlyStopping early) {
    Map<String, Object> yaml = new LinkedHashMap<>();
    yaml.put("patience", early.patience());
    yaml.put("metric", early.metric());
    yaml.put("min_delta", early.minDelta());
    return yaml;
  }

  static Map<String, Object> toYaml(StopRules rules) {
    Map<String, Object> yaml = new LinkedHashMap<>();
    if (rules.steps() > 0) {
      yaml.put("steps", rules.steps());
    }
    put(yaml, "seconds", rules.seconds());
    put(yaml, "gradient_norm", rules.gradientNorm());
    put(yaml, "update", rules.update());
    if (!rules.targets().isEmpty()) {
      yaml.put("metric", rules.targets());
    }
    return yaml;
  }

  private static void put(Map<String, Object> yaml, String key, double value) {
    if (value > 0) {
      yaml.put(key, value);
    }
  }
}
