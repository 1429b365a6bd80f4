package dev.tarn.report;

import dev.tarn.train.Evaluation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The result of a training in one sentence and a few numbers. */
final class Summary {
  private final ReportData data;
  private final List<History.Epoch> epochs;

  Summary(ReportData data) {
    this.data = data;
    this.epochs = data.history().epochs();
  }

  /** The epoch with the least loss, of validation if there is one. */
  private Optional<History.Epoch> best() {
    return epochs.stream()
        .filter(epoch -> Double.isFinite(loss(epoch)))
        .min(Comparator.comparingDouble(Summary::loss));
  }

  private static double loss(History.Epoch epoch) {
    Map<String, Double> values = epoch.validation().isEmpty() ? epoch.train() : epoch.validation();
    return values.getOrDefault("loss", Double.NaN);
  }

  /** The sentence. */
  String sentence() {
    if (epochs.isEmpty() && data.test() == null) {
      return "No epoch has ended yet.";
    }
    String begin;
    Evaluation test = data.test();
    if (test != null) {
      begin =
          String.format(
              "The model reaches %s on %s",
              values(test.values()), Texts.count(test.examples(), "test example"));
    } else {
      String set = data.history().validates() ? "validation" : "training";
      begin =
          best()
              .map(epoch -> epoch.validation().isEmpty() ? epoch.train() : epoch.validation())
              .map(values -> "The model reaches " + values(values) + " on the " + set + " data")
              .orElse("The loss was never finite");
    }
    if (epochs.isEmpty()) {
      return begin + ".";
    }
    return String.format(
        "%s after %s in %s%s.",
        begin,
        Texts.count(epochs.get(epochs.size() - 1).number(), "epoch"),
        Texts.duration(data.history().seconds()),
        best().map(epoch -> "; the best was epoch " + epoch.number()).orElse(""));
  }

  /** The metrics first, then the loss: {@code accuracy 98.9 % and loss 0.07163}. */
  private static String values(Map<String, Double> values) {
    List<String> parts = new ArrayList<>();
    values.forEach(
        (name, value) ->
            parts.add(
                name.equals("loss") ? parts.size() : 0,
                Texts.name(name) + " " + Texts.metric(name, value)));
    if (parts.size() < 2) {
      return String.join("", parts);
    }
    String last = parts.remove(parts.size() - 1);
    return String.join(", ", parts) + " and " + last;
  }

  /** The numbers, by name. */
  Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    Evaluation test = data.test();
    if (test != null) {
      test.values()
          .forEach(
              (name, value) -> facts.put("Test " + Texts.name(name), Texts.metric(name, value)));
    }
    best()
        .ifPresent(
            epoch -> {
              boolean validates = !epoch.validation().isEmpty();
              String set = validates ? "Validation " : "Training ";
              (validates ? epoch.validation() : epoch.train())
                  .forEach(
                      (name, value) ->
                          facts.put(set + Texts.name(name), Texts.metric(name, value)));
              facts.put("Best epoch", epoch.number() + " of " + epochs.size());
            });
    if (!epochs.isEmpty()) {
      facts.put("Steps", Texts.count(epochs.get(epochs.size() - 1).step()));
      facts.put("Training time", Texts.duration(data.history().seconds()));
    }
    long parameters = data.layers().stream().mapToLong(LayerRow::parameters).sum();
    if (parameters > 0) {
      facts.put("Parameters", String.format(Locale.ROOT, "%,d", parameters));
    }
    return facts;
  }
}
