package dev.tarn.report;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a report says of the learning rate: a chart if it changed, and else a sentence. */
final class LearningRates {
  private final ReportData data;
  private final Curve bySteps;
  private final List<Double> values;

  LearningRates(ReportData data) {
    this.data = data;
    Curve given = data.learningRate();
    this.bySteps = given == null ? new Curve(List.of(), List.of()) : given;
    this.values = (given == null ? data.history().learningRate() : given).finite().y();
  }

  /** Whether it is known and was always the same. */
  boolean constant() {
    return values.stream().distinct().count() == 1;
  }

  /** The chart; nothing if it is not known. */
  Optional<Picture> chart() {
    return bySteps.x().isEmpty()
        ? Pictures.learningRate(data.history())
        : Pictures.learningRate(bySteps);
  }

  /** What the chart does not show; may be empty. */
  String sentence() {
    String constant =
        constant()
            ? String.format(
                "The learning rate was %s at the end of every %s.",
                Texts.tick(values.get(0)), bySteps.x().isEmpty() ? "epoch" : "step")
            : "";
    if (data.groups().isEmpty()) {
      return constant;
    }
    String groups =
        data.groups().entrySet().stream()
            .map(group -> group.getKey() + " (" + rate(group.getValue()) + ")")
            .collect(Collectors.joining(", ", "Groups of parameters with their own: ", "."));
    return (constant + " " + groups).strip();
  }

  private static String rate(double rate) {
    if (Double.isNaN(rate)) {
      return "an optimizer without one";
    }
    return rate == 0 ? "frozen" : Texts.tick(rate) + " at the start";
  }
}
