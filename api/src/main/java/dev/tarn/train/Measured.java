package dev.tarn.train;

import dev.tarn.TarnException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What an epoch measures, by name.
 *
 * @param losses the names of the terms, beside {@code loss} for their sum
 * @param metrics the metrics of means
 * @param evaluated those that are measured where a model is evaluated
 */
record Measured(List<String> losses, List<Metric> metrics, List<EvaluationMetric> evaluated) {
  /** Copies the lists, and refuses a name that is there twice. */
  Measured {
    losses = List.copyOf(losses);
    metrics = List.copyOf(metrics);
    evaluated = List.copyOf(evaluated);
    Set<String> names = new HashSet<>(Set.of("loss"));
    for (String name : losses) {
      if (!names.add(name)) {
        throw new TarnException("loss: two terms are called '" + name + "'");
      }
    }
    metrics.forEach(metric -> add(names, metric.name()));
    evaluated.forEach(metric -> add(names, metric.name()));
  }

  private static void add(Set<String> names, String name) {
    if (!names.add(name)) {
      throw new TarnException("metric: another is called '" + name + "' already");
    }
  }

  /**
   * Refuses the name of a value that an epoch does not give.
   *
   * @param validates whether there are validation data
   */
  void check(String name, boolean validates) {
    if (name.equals("loss")
        || losses.contains(name)
        || metrics.stream().anyMatch(metric -> metric.name().equals(name))) {
      return;
    }
    if (evaluated.stream().noneMatch(metric -> isPart(name, metric))) {
      List<String> names = new ArrayList<>(List.of("loss"));
      names.addAll(losses);
      metrics.forEach(metric -> names.add(metric.name()));
      evaluated.forEach(metric -> names.add(metric.name()));
      throw new TarnException(
          "stop: no metric '" + name + "' is measured; there are " + String.join(", ", names));
    }
    if (!validates) {
      throw new TarnException(
          "stop: metric '" + name + "' is measured on validation data only, and there are none");
    }
  }

  private static boolean isPart(String name, EvaluationMetric metric) {
    return name.equals(metric.name()) || name.startsWith(metric.name() + ".");
  }

  /** Whether larger values of a loss or metric are better. */
  boolean higherIsBetter(String name) {
    return metrics.stream().anyMatch(m -> m.name().equals(name) && m.higherIsBetter())
        || evaluated.stream().anyMatch(m -> isPart(name, m) && m.higherIsBetter());
  }
}
