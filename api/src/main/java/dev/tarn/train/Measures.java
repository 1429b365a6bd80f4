package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import dev.tarn.data.Dataset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The evaluation metrics of one evaluation, which take the predictions as they come. */
final class Measures {
  private final List<EvaluationMetric> metrics;
  private final List<EvaluationMetric.Accumulator> accumulators = new ArrayList<>();
  private final Objective objective;

  Measures(List<EvaluationMetric> metrics, Objective objective) {
    this.metrics = metrics;
    this.objective = objective;
    metrics.forEach(metric -> accumulators.add(metric.accumulator()));
  }

  /** Loss and metrics over a data set; the sums of the step must be zero. */
  static Evaluation evaluate(TrainStep step, Dataset data, InOrder inOrder, Objective objective) {
    Measures measures = objective.measures();
    List<Position> counted = new ArrayList<>(List.of(Position.start(objective.sums().size())));
    inOrder.forEach(
        data,
        batch -> {
          step.evaluate(batch);
          if (objective.readsPredictions()) {
            measures.add(step.evaluated(batch), batch.targets());
          }
          counted.set(0, counted.get(0).plus(step.takeSums()));
        });
    return measures.addTo(objective.evaluation(counted.get(0).sums(), data.size()));
  }

  /** Takes a batch's predictions, one for each output, and its targets. */
  void add(List<HostTensor> predictions, List<HostTensor> targets) {
    for (int i = 0; i < metrics.size(); i++) {
      int output = metrics.get(i).output();
      Integer target = objective.target(output);
      if (target == null) {
        throw new TarnException(
            String.format(
                "metric %s: output %d has no target of the data", metrics.get(i).name(), output));
      }
      accumulators.get(i).add(predictions.get(output), targets.get(target));
    }
  }

  /** An evaluation with these metrics' values added. */
  Evaluation addTo(Evaluation evaluation) {
    if (metrics.isEmpty()) {
      return evaluation;
    }
    Map<String, Double> all = new LinkedHashMap<>(evaluation.values());
    for (int i = 0; i < metrics.size(); i++) {
      String name = metrics.get(i).name();
      accumulators
          .get(i)
          .values()
          .forEach((part, value) -> all.put(part.isEmpty() ? name : name + "." + part, value));
    }
    return new Evaluation(all, evaluation.examples());
  }
}
