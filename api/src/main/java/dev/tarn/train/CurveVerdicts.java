package dev.tarn.train;

import dev.tarn.train.Verdict.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the curves of loss and accuracy tell. */
final class CurveVerdicts {
  private final List<EpochResult> history;
  private final double untrained;
  private final List<Verdict> verdicts = new ArrayList<>();

  /**
   * The curves of a training. Of one whose first epochs are missing only over-fitting is judged.
   *
   * @param untrained an evaluation before the first step; the first epoch stands in for it
   */
  CurveVerdicts(List<EpochResult> history, @Nullable Evaluation untrained) {
    this.history = history;
    this.untrained =
        untrained != null
            ? untrained.loss()
            : history.isEmpty() ? Double.NaN : history.get(0).train().loss();
  }

  List<Verdict> verdicts() {
    if (history.isEmpty()) {
      return verdicts;
    }
    EpochResult last = history.get(history.size() - 1);
    double loss = last.train().loss();
    EpochResult worst = last;
    for (EpochResult result : history) {
      worst = result.train().loss() > worst.train().loss() ? result : worst;
    }
    boolean whole = history.get(0).epoch() == 1;
    if (whole && worst.train().loss() > 1.5 * untrained && loss > 0.5 * untrained) {
      add(
          Severity.PROBLEM,
          "The training diverges: the training loss was %s before the first epoch and is %s in epoch"
              + " %d.",
          "Divide the learning rate by ten, or clip gradients (clip_norm: 1).",
          text(untrained),
          text(worst.train().loss()),
          worst.epoch());
      return verdicts;
    }
    if (whole) {
      underfitting(last, loss);
    }
    Evaluation validation = last.validation();
    if (validation != null) {
      overfitting(last, validation);
    }
    return verdicts;
  }

  private void underfitting(EpochResult last, double loss) {
    double accuracy = last.train().values().getOrDefault("accuracy", Double.NaN);
    if (loss > 0.5 * untrained && !(accuracy >= 0.8)) {
      add(
          Severity.WARNING,
          "The model under-fits: the training loss is %s after epoch %d and was %s before the first.",
          stillFalls(loss)
              ? "It still falls: train for more epochs, or with a larger learning rate."
              : "It hardly falls any more: try a larger model, less regularization, another"
                  + " learning rate, or better features.",
          text(loss),
          last.epoch(),
          text(untrained));
    }
  }

  /** Whether the loss fell at least half as fast in the second half of the epochs. */
  private boolean stillFalls(double loss) {
    int n = history.size();
    if (n < 3) {
      return n == 1 || loss < history.get(0).train().loss();
    }
    int middle = (n - 1) / 2;
    double half = history.get(middle).train().loss();
    double before = (history.get(0).train().loss() - half) / middle;
    double since = (half - loss) / (n - 1 - middle);
    return since > 0 && since > 0.5 * before;
  }

  private void overfitting(EpochResult last, Evaluation validation) {
    EpochResult best = last;
    for (EpochResult result : history) {
      Evaluation seen = result.validation();
      Evaluation least = best.validation();
      best = seen != null && least != null && seen.loss() < least.loss() ? result : best;
    }
    double least = best.best().loss();
    double loss = last.train().loss();
    String remedy =
        "Try early_stopping, more data or augmentation, dropout, weight_decay, or a smaller model.";
    boolean rises =
        validation.loss() > 1.3 * least
            && validation.loss() - least > worth(validation) * untrained
            && loss < best.train().loss();
    if (rises) {
      add(
          Severity.WARNING,
          "The model over-fits: the validation loss was least in epoch %d, %s, and is %s after"
              + " epoch %d, while the training loss fell to %s.",
          remedy,
          best.epoch(),
          text(least),
          text(validation.loss()),
          last.epoch(),
          text(loss));
      return;
    }
    double accuracy = last.train().values().getOrDefault("accuracy", Double.NaN);
    double validated = validation.values().getOrDefault("accuracy", Double.NaN);
    boolean apart =
        Double.isNaN(accuracy)
            ? validation.loss() - loss > Math.max(0.25, worth(validation)) * untrained
            : accuracy - validated > Math.max(0.1, worth(validation));
    if (apart && validation.loss() > 2 * loss) {
      add(
          Severity.WARNING,
          "The model over-fits: after epoch %d the validation loss is %s and the training loss %s.",
          remedy,
          last.epoch(),
          text(validation.loss()),
          text(loss));
    }
  }

  /** A twentieth, or what five examples add to a mean if they are no longer told from others. */
  private static double worth(Evaluation validation) {
    return Math.max(0.05, 5.0 / Math.max(1, validation.examples()));
  }

  private static String text(double value) {
    return String.format(Locale.ROOT, "%.3g", value);
  }

  private void add(Severity severity, String sentence, String remedy, Object... values) {
    verdicts.add(new Verdict(severity, String.format(sentence, values), remedy));
  }
}
