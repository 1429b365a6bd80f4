package dev.tarn.config;

import dev.tarn.train.Average;
import dev.tarn.train.EvaluationMetric;
import dev.tarn.train.Metric;
import dev.tarn.train.Metrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Metrics as run files write them: {@code [accuracy, {top_k: 3}, {f1: micro}]}. */
final class MetricConfig {
  static final Catalog CATALOG =
      new Catalog("metric")
          .kind("accuracy")
          .kind("top_k", Catalog.count("k", 0, 1).needed())
          .kind("precision", average())
          .kind("recall", average())
          .kind("f1", average())
          .kind("auc")
          .kind("mae")
          .kind("rmse")
          .kind("r2");

  /** The setting of a kind that may be written without its key. */
  private static final Map<String, String> SHORT =
      Map.of("top_k", "k", "precision", "average", "recall", "average", "f1", "average");

  private static final Set<String> OF_NUMBERS = Set.of("mae", "rmse", "r2");

  /** The losses with which an output says yes or no, and what it must exceed to say yes. */
  private static final Map<String, Double> YES =
      Map.of(
          "binary_cross_entropy", 0.5,
          "binary_cross_entropy_with_logits", 0.0,
          "hinge", 0.0,
          "perceptron", 0.0);

  private MetricConfig() {}

  private static Catalog.Setting average() {
    return Catalog.word("average", "macro", "micro", "per_class");
  }

  private static boolean classes(Choice loss) {
    return loss.kind().equals("cross_entropy") && !loss.flag("probabilities");
  }

  private static boolean distributions(Choice loss) {
    return loss.kind().equals("kl_divergence")
        || (loss.kind().equals("cross_entropy") && loss.flag("probabilities"));
  }

  /** What is measured with a loss unless the run file says. */
  static List<Choice> unlessGiven(Choice loss) {
    if (distributions(loss)) {
      return List.of();
    }
    boolean accuracy = classes(loss) || YES.containsKey(loss.kind());
    return List.of(CATALOG.plain(accuracy ? "accuracy" : "mae"));
  }

  /** Reads a list of metrics for a model with a loss. */
  static List<Choice> read(YamlValue value, Choice loss) {
    List<Choice> metrics = new ArrayList<>();
    for (YamlValue each : value.values()) {
      Choice metric = CATALOG.read(spelledOut(each), choice -> {});
      boolean ofNumbers = OF_NUMBERS.contains(metric.kind());
      boolean fits =
          metric.kind().equals("top_k")
              ? classes(loss)
              : !distributions(loss) && !(ofNumbers && classes(loss));
      if (!fits) {
        throw each.error("metric '" + metric.kind() + "' does not go with loss " + loss.kind());
      }
      if (metrics.stream().anyMatch(other -> name(other).equals(name(metric)))) {
        throw each.error("metric '" + name(metric) + "' is there twice");
      }
      metrics.add(metric);
    }
    return metrics;
  }

  /** {@code {top_k: 3}} as {@code {top_k: {k: 3}}}. */
  private static YamlValue spelledOut(YamlValue value) {
    if (!value.isMapping() || value.entries().size() != 1) {
      return value;
    }
    Map.Entry<String, YamlValue.Entry> only = value.entries().entrySet().iterator().next();
    YamlValue given = only.getValue().value();
    String key = SHORT.get(only.getKey());
    if (key == null || !given.isScalar()) {
      return value;
    }
    YamlValue inner =
        YamlValue.mapping(
            given.place(), given.path(), Map.of(key, new YamlValue.Entry(given.place(), given)));
    return YamlValue.mapping(
        value.place(),
        value.path(),
        Map.of(only.getKey(), new YamlValue.Entry(only.getValue().keyPlace(), inner)));
  }

  /** What the metric is called in tables; per class it is followed by a dot and the class. */
  static String name(Choice choice) {
    Metric mean = metric(choice, "");
    EvaluationMetric other = evaluated(choice, "");
    return mean != null ? mean.name() : other != null ? other.name() : choice.kind();
  }

  /** The metric if it is a mean over examples, else null. */
  static @Nullable Metric metric(Choice choice, String loss) {
    Double yes = YES.get(loss);
    return switch (choice.kind()) {
      case "accuracy" ->
          loss.equals("cross_entropy")
              ? Metrics.accuracy()
              : Metrics.binaryAccuracy(yes == null ? 0.5 : yes);
      case "top_k" -> Metrics.topK((int) choice.whole("k"));
      case "mae" -> Metrics.mae();
      case "rmse" -> Metrics.rmse();
      default -> null;
    };
  }

  /** The metric if it is measured at evaluation only, else null. */
  static @Nullable EvaluationMetric evaluated(Choice choice, String loss) {
    // With logits the prediction is a probability already.
    double threshold = loss.equals("hinge") || loss.equals("perceptron") ? 0 : 0.5;
    return switch (choice.kind()) {
      case "precision" -> Metrics.precision(average(choice), threshold);
      case "recall" -> Metrics.recall(average(choice), threshold);
      case "f1" -> Metrics.f1(average(choice), threshold);
      case "auc" -> Metrics.auc();
      case "r2" -> Metrics.r2();
      default -> null;
    };
  }

  private static Average average(Choice choice) {
    return Average.valueOf(choice.text("average").toUpperCase(Locale.ROOT));
  }
}
