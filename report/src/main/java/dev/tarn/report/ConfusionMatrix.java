package dev.tarn.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** How often each class was taken for each: rows are the true classes, columns the predicted. */
public final class ConfusionMatrix {
  private final int[][] counts;
  private final List<String> labels;

  /**
   * Two classes that were confused.
   *
   * @param truth the true class
   * @param predicted the class it was taken for
   * @param count how often
   * @param share of all examples of the true class, from 0 to 1
   */
  public record Confusion(String truth, String predicted, int count, double share) {}

  /**
   * A matrix with the names of its classes.
   *
   * @param counts {@code counts[truth][predicted]}, not negative
   * @throws IllegalArgumentException if there are not as many rows and columns as labels
   */
  public ConfusionMatrix(int[][] counts, List<String> labels) {
    for (int[] row : counts) {
      if (row.length != labels.size() || Arrays.stream(row).anyMatch(count -> count < 0)) {
        throw new IllegalArgumentException(
            "confusion matrix: a row of "
                + labels.size()
                + " counts is needed, it is "
                + Arrays.toString(row));
      }
    }
    if (counts.length != labels.size() || counts.length == 0) {
      throw new IllegalArgumentException(
          "confusion matrix: " + counts.length + " rows for " + labels.size() + " labels");
    }
    this.counts = Arrays.stream(counts).map(int[]::clone).toArray(int[][]::new);
    this.labels = List.copyOf(labels);
  }

  /**
   * Counts predictions.
   *
   * @param truth the true class of each example, from 0
   * @param predicted the predicted class of each example
   */
  public static ConfusionMatrix of(int[] truth, int[] predicted, List<String> labels) {
    int[][] counts = new int[labels.size()][labels.size()];
    for (int i = 0; i < truth.length; i++) {
      counts[truth[i]][predicted[i]]++;
    }
    return new ConfusionMatrix(counts, labels);
  }

  /** The names of the classes. */
  public List<String> labels() {
    return labels;
  }

  /** The number of classes. */
  public int classes() {
    return labels.size();
  }

  /** How often a class was taken for another, or for itself. */
  public int count(int truth, int predicted) {
    return counts[truth][predicted];
  }

  /** The number of examples of a class. */
  public long examples(int truth) {
    return Arrays.stream(counts[truth]).asLongStream().sum();
  }

  /** The number of all examples. */
  public long examples() {
    return Arrays.stream(counts).flatMapToInt(Arrays::stream).asLongStream().sum();
  }

  /** The number of examples whose class was predicted. */
  public long correct() {
    long correct = 0;
    for (int i = 0; i < counts.length; i++) {
      correct += counts[i][i];
    }
    return correct;
  }

  /**
   * The share of a class's examples that was taken for a class, from 0 to 1; 0 without examples.
   */
  public double share(int truth, int predicted) {
    long examples = examples(truth);
    return examples == 0 ? 0 : (double) counts[truth][predicted] / examples;
  }

  /** The most frequent confusions, at most {@code limit}. */
  public List<Confusion> confusions(int limit) {
    List<Confusion> all = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      for (int j = 0; j < counts.length; j++) {
        if (i != j && counts[i][j] > 0) {
          all.add(new Confusion(labels.get(i), labels.get(j), counts[i][j], share(i, j)));
        }
      }
    }
    all.sort(
        Comparator.comparingInt(Confusion::count).thenComparingDouble(Confusion::share).reversed());
    return List.copyOf(all.subList(0, Math.min(limit, all.size())));
  }
}
