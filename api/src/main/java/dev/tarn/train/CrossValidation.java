package dev.tarn.train;

import dev.tarn.TarnException;
import dev.tarn.data.DataSource.Prepared;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * What trainings on the folds of a data set gave; {@link dev.tarn.data.Folds} makes the folds.
 *
 * @param folds what each model gave on the examples that it had not seen
 */
public record CrossValidation(List<Evaluation> folds) {
  /** Trains a model on one fold. */
  @FunctionalInterface
  public interface Training {
    /**
     * Trains a new model on the training part and evaluates it on the validation part.
     *
     * @param fold the fold, from 0
     * @param data its parts, prepared as its training part says
     */
    Evaluation train(int fold, Prepared data);
  }

  /** Copies the list. */
  public CrossValidation {
    folds = List.copyOf(folds);
    if (folds.isEmpty()) {
      throw new TarnException("cross-validation: there are no folds");
    }
  }

  /** Trains on each fold in turn. */
  public static CrossValidation run(List<Prepared> folds, Training training) {
    List<Evaluation> evaluations = new ArrayList<>();
    for (Prepared fold : folds) {
      evaluations.add(training.train(evaluations.size(), fold));
    }
    return new CrossValidation(evaluations);
  }

  /** The names of loss and metrics. */
  public Set<String> names() {
    return folds.get(0).values().keySet();
  }

  /** The mean of a value over the folds. */
  public double mean(String name) {
    return sum(fold -> fold.get(name)) / folds.size();
  }

  /** The standard deviation of a value over the folds (n - 1); 0 for one fold. */
  public double deviation(String name) {
    double mean = mean(name);
    double squares = sum(fold -> (fold.get(name) - mean) * (fold.get(name) - mean));
    return folds.size() == 1 ? 0 : Math.sqrt(squares / (folds.size() - 1));
  }

  private double sum(ToDoubleFunction<Evaluation> value) {
    return folds.stream().mapToDouble(value).sum();
  }

  /** {@code loss 0.1234 +- 0.0123 accuracy 0.9722 +- 0.0105}. */
  @Override
  public String toString() {
    return names().stream()
        .map(
            name ->
                String.format(
                    Locale.ROOT,
                    "%s %s +- %s",
                    name,
                    Evaluation.text(mean(name)),
                    Evaluation.text(deviation(name))))
        .collect(Collectors.joining("  "));
  }
}
