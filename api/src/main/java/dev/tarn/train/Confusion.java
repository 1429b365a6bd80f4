package dev.tarn.train;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import dev.tarn.data.Dataset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/**
 * How often each class was taken for which: counts by target and prediction, and what follows from
 * them.
 *
 * <p>Targets are labels i32 {@code [N]} with predictions {@code [N, C]}, of which the largest
 * counts, or yes and no: f32 targets above 0.5 or not, with one prediction each, above the
 * threshold or not; these are the classes 1 and 0. Labels that are no class, such as those to be
 * ignored, do not count.
 */
public final class Confusion {
  private final double threshold;
  private long[][] counts = new long[0][0];
  private boolean binary;

  /**
   * Nothing counted yet.
   *
   * @param threshold what a single prediction must exceed to say yes
   */
  public Confusion(double threshold) {
    this.threshold = threshold;
  }

  /** Counts how a model classifies data. */
  public static Confusion of(Trainer trainer, Dataset data) {
    Confusion confusion = new Confusion(0.5);
    trainer.predictions(
        data, (predictions, batch) -> confusion.add(predictions.get(0), batch.targets().get(0)));
    return confusion;
  }

  /**
   * Counts a batch.
   *
   * @throws TarnException if the targets are neither labels nor yes and no
   */
  public void add(HostTensor prediction, HostTensor target) {
    int n = target.size();
    boolean labels = target.spec().dtype() == DType.I32;
    boolean fits =
        labels ? prediction.size() > n && prediction.size() % n == 0 : prediction.size() == n;
    if (!fits || target.shape().dim(0) != n) {
      throw new TarnException(
          String.format(
              "classes: expected labels with [N, C] predictions or one yes or no an example, found"
                  + " targets %s with predictions %s",
              target.spec(), prediction.spec()));
    }
    int classes = labels ? prediction.size() / n : 2;
    if (counts.length == 0) {
      counts = new long[classes][classes];
      binary = !labels;
    }
    for (int i = 0; i < n; i++) {
      int truth = labels ? (int) target.get(i) : target.get(i) > 0.5 ? 1 : 0;
      int guess = labels ? largest(prediction, i, classes) : prediction.get(i) > threshold ? 1 : 0;
      if (truth >= 0 && truth < classes) {
        counts[truth][guess]++;
      }
    }
  }

  private static int largest(HostTensor prediction, int row, int classes) {
    int best = 0;
    for (int c = 1; c < classes; c++) {
      boolean more = prediction.get(row * classes + c) > prediction.get(row * classes + best);
      best = more ? c : best;
    }
    return best;
  }

  /** The number of classes; 0 before anything was counted. */
  public int classes() {
    return counts.length;
  }

  /** The number of examples of a class that were taken for another or the same. */
  public long count(int target, int predicted) {
    return counts[target][predicted];
  }

  private long targets(int c) {
    long sum = 0;
    for (long count : counts[c]) {
      sum += count;
    }
    return sum;
  }

  private long predictions(int c) {
    long sum = 0;
    for (long[] row : counts) {
      sum += row[c];
    }
    return sum;
  }

  /** The share of those taken for a class that are of it; 0 if there are none. */
  public double precision(int c) {
    return ratio(counts[c][c], predictions(c));
  }

  /** The share of a class that was taken for it; 0 if there are none. */
  public double recall(int c) {
    return ratio(counts[c][c], targets(c));
  }

  /** The harmonic mean of precision and recall: {@code 2 tp / (2 tp + fp + fn)}; 0 for 0 / 0. */
  public double f1(int c) {
    return ratio(2 * counts[c][c], targets(c) + predictions(c));
  }

  /** The share of examples taken for what they are. */
  public double accuracy() {
    long right = 0;
    long all = 0;
    for (int c = 0; c < counts.length; c++) {
      right += counts[c][c];
      all += targets(c);
    }
    return ratio(right, all);
  }

  private static double ratio(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  /** Values of classes as an accumulator gives them; of yes and no, that of yes. */
  Map<String, Double> values(IntToDoubleFunction ofClass, Average average) {
    Map<String, Double> values = new LinkedHashMap<>();
    if (binary && average != Average.PER_CLASS) {
      values.put("", ofClass.applyAsDouble(1));
      return values;
    }
    double sum = 0;
    int occurring = 0;
    for (int c = 0; c < counts.length; c++) {
      double value = ofClass.applyAsDouble(c);
      if (average == Average.PER_CLASS) {
        values.put(String.valueOf(c), value);
      }
      if (targets(c) + predictions(c) > 0) {
        sum += value;
        occurring++;
      }
    }
    if (average == Average.MACRO) {
      values.put("", occurring == 0 ? 0 : sum / occurring);
    } else if (average == Average.MICRO) {
      values.put("", accuracy());
    }
    return values;
  }

  /** A table: a row for each class, a column for what it was taken for. */
  @Override
  public String toString() {
    StringBuilder table = new StringBuilder();
    for (long[] row : counts) {
      for (long count : row) {
        table.append(String.format("%8d", count));
      }
      table.append('\n');
    }
    return table.toString();
  }
}
