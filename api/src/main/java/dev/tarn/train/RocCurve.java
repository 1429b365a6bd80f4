package dev.tarn.train;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import java.util.Arrays;
import java.util.Map;

/**
 * The area under the ROC curve: the probability that a positive example has a higher score than a
 * negative one, ties counting half (Hanley and McNeil 1982). Of several classes the mean of each
 * against the rest, over those that have examples on both sides.
 *
 * <p>It keeps every score: 4 bytes for each class and example.
 */
final class RocCurve implements EvaluationMetric.Accumulator {
  private float[] scores = new float[1024];
  private int[] labels = new int[1024];
  private int classes;
  private int examples;

  @Override
  public void add(HostTensor prediction, HostTensor target) {
    int n = target.size();
    boolean labelled = target.spec().dtype() == DType.I32;
    boolean fits =
        labelled ? prediction.size() > n && prediction.size() % n == 0 : prediction.size() == n;
    if (!fits || target.shape().dim(0) != n) {
      throw new TarnException(
          String.format(
              "auc: expected labels with [N, C] predictions or one yes or no an example, found"
                  + " targets %s with predictions %s",
              target.spec(), prediction.spec()));
    }
    classes = prediction.size() / n;
    if (labels.length < examples + n) {
      labels = Arrays.copyOf(labels, Math.max(2 * labels.length, examples + n));
    }
    if (scores.length < (examples + n) * classes) {
      scores = Arrays.copyOf(scores, Math.max(2 * scores.length, (examples + n) * classes));
    }
    for (int i = 0; i < n; i++) {
      labels[examples + i] = labelled ? (int) target.get(i) : target.get(i) > 0.5 ? 0 : -1;
      for (int c = 0; c < classes; c++) {
        scores[(examples + i) * classes + c] = (float) prediction.get(i * classes + c);
      }
    }
    examples += n;
  }

  @Override
  public Map<String, Double> values() {
    double sum = 0;
    int defined = 0;
    for (int c = 0; c < classes; c++) {
      double area = area(c);
      if (!Double.isNaN(area)) {
        sum += area;
        defined++;
      }
    }
    return Map.of("", sum / defined);
  }

  /** The area of a class against the rest, NaN if one of the two has no examples. */
  private double area(int c) {
    float[] positive = new float[examples];
    float[] negative = new float[examples];
    int positives = 0;
    int negatives = 0;
    for (int i = 0; i < examples; i++) {
      float score = scores[i * classes + c];
      if (labels[i] == c) {
        positive[positives++] = score;
      } else {
        negative[negatives++] = score;
      }
    }
    Arrays.sort(positive, 0, positives);
    Arrays.sort(negative, 0, negatives);
    double wins = 0;
    int below = 0;
    int upTo = 0;
    for (int i = 0; i < positives; i++) {
      while (below < negatives && negative[below] < positive[i]) {
        below++;
      }
      while (upTo < negatives && negative[upTo] <= positive[i]) {
        upTo++;
      }
      wins += (below + upTo) / 2.0;
    }
    return wins / ((double) positives * negatives);
  }
}
