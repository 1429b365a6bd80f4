package dev.tarn.train;

import dev.tarn.train.Verdict.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the curves of loss and accuracy tell. */
final class CurveVerdicts {
  private static final int FEW_EXAMPLES = 100;
  private static final int FEW_STEPS = 100;

  private final List<EpochResult> history;
  private final double untrained;
  private final boolean explained;
  private final List<Verdict> verdicts = new ArrayList<>();

  /**
   * The curves of a training. Of one whose first epochs are missing only over-fitting is judged.
   *
   * @param untrained an evaluation before the first step; the first epoch stands in for it
   * @param explained whether it is known already why little is learned
   */
  CurveVerdicts(List<EpochResult> history, @Nullable Evaluation untrained, boolean explained) {
    this.history = history;
    this.explained = explained;
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
    Evaluation validation = last.validation();
    if (validation != null) {
      EpochResult best = best();
      // From few examples little can carry over, whatever the labels.
      if (whole && last.train().examples() >= FEW_EXAMPLES) {
        byHeartOnly(last, best);
      }
      if (verdicts.isEmpty()) {
        overfitting(last, validation, best);
      }
    }
    if (whole && !explained && verdicts.isEmpty()) {
      underfitting(last, loss, worst.train().loss());
    }
    return verdicts;
  }

  /** The epoch of the least validation loss. */
  private EpochResult best() {
    EpochResult best = history.get(history.size() - 1);
    for (EpochResult result : history) {
      Evaluation seen = result.validation();
      Evaluation least = best.validation();
      best = seen != null && least != null && seen.loss() < least.loss() ? result : best;
    }
    return best;
  }

  private void byHeartOnly(EpochResult last, EpochResult best) {
    double least = best.best().loss();
    double loss = last.train().loss();
    boolean learned =
        loss < 0.9 * untrained && untrained - loss > 2 * Math.max(0, untrained - least);
    if (learned && least > 0.9 * untrained && !(accuracy(best.best()) >= 0.8)) {
      add(
          Severity.WARNING,
          "Nothing carries over to the validation data: their loss is %s at best, in epoch %d, and"
              + " that of the untrained model %s, while the training loss fell to %s.",
          "Check labels and features, or collect more data.",
          text(least),
          best.epoch(),
          text(untrained),
          text(loss));
    }
  }

  private void underfitting(EpochResult last, double loss, double worst) {
    if (loss > 0.5 * untrained && !(accuracy(last.train()) >= 0.8)) {
      add(
          Severity.WARNING,
          "The model under-fits: the training loss is %s after epoch %d and was %s before the first.",
          hardlyMoves(last, worst)
              ? "It hardly moves: the learning rate is too small ('tarn lr-find' finds one), or the"
                  + " features tell nothing about the target."
              : stillFalls(loss)
                  ? "It still falls: train for more epochs, or with a larger learning rate."
                  : "It hardly falls any more: try a larger model, less regularization, another"
                      + " learning rate, or better features.",
          text(loss),
          last.epoch(),
          text(untrained));
    }
  }

  /** Whether in all those steps no epoch's loss was a hundredth from any other's. */
  private boolean hardlyMoves(EpochResult last, double worst) {
    double least =
        history.stream().mapToDouble(result -> result.train().loss()).min().orElseThrow();
    return last.step() >= FEW_STEPS
        && worst - least < 0.01 * untrained
        // The untrained model's loss is that of a few examples only.
        && Math.abs(untrained - last.train().loss()) < 0.05 * untrained;
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

  private void overfitting(EpochResult last, Evaluation validation, EpochResult best) {
    double least = best.best().loss();
    double loss = last.train().loss();
    boolean rises =
        validation.loss() > 1.3 * least
            && validation.loss() - least > worth(0.05, validation) * untrained
            && loss < best.train().loss();
    if (rises) {
      add(
          Severity.WARNING,
          "The model over-fits: the validation loss was least in epoch %d, %s, and is %s after"
              + " epoch %d, while the training loss fell to %s.",
          remedy(last, validation, best),
          best.epoch(),
          text(least),
          text(validation.loss()),
          last.epoch(),
          text(loss));
    } else if (apart(last.train(), validation)) {
      add(
          Severity.WARNING,
          "The model over-fits: after epoch %d the validation loss is %s and the training loss %s.",
          remedy(last, validation, best),
          last.epoch(),
          text(validation.loss()),
          text(loss));
    }
  }

  private boolean apart(Evaluation train, Evaluation validation) {
    double gap = validation.loss() - train.loss();
    if (validation.loss() <= 2 * train.loss()) {
      return false;
    }
    double accuracy = accuracy(train);
    if (!Double.isNaN(accuracy)) {
      return accuracy - accuracy(validation) > worth(0.1, validation);
    }
    // Where there is no accuracy that tells whether it matters, tiny losses may be far apart.
    return gap > worth(0.25, validation) * untrained
        || (validation.loss() > 4 * train.loss() && gap > worth(0.02, validation) * untrained);
  }

  /** Early stopping helps only where the least validation loss lies well before the end. */
  private static String remedy(EpochResult last, Evaluation validation, EpochResult best) {
    boolean early =
        best.epoch() <= 0.75 * last.epoch() && validation.loss() > 1.1 * best.best().loss();
    String others = "augmentation, dropout, weight_decay, or a smaller model.";
    String stopping = early ? "early_stopping, " : "";
    long examples = last.train().examples();
    return examples < FEW_EXAMPLES
        ? "Collect more data first: " + examples + " examples are few; or try " + stopping + others
        : "Try " + stopping + "more data, " + others;
  }

  private static double accuracy(Evaluation evaluation) {
    return evaluation.values().getOrDefault("accuracy", Double.NaN);
  }

  /** A share, or what five examples add to a mean if they are no longer told from others. */
  private static double worth(double share, Evaluation validation) {
    return Math.max(share, 5.0 / Math.max(1, validation.examples()));
  }

  private static String text(double value) {
    return String.format(Locale.ROOT, "%.3g", value);
  }

  private void add(Severity severity, String sentence, String remedy, Object... values) {
    verdicts.add(new Verdict(severity, String.format(sentence, values), remedy));
  }
}
