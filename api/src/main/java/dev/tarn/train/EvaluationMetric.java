package dev.tarn.train;

import dev.tarn.HostTensor;
import java.util.Map;

/**
 * A number, or several, that tell how good a model is, made on the host from its predictions:
 * measured where a model is evaluated, and not while training.
 *
 * <p>Predictions and targets pass by in batches, so that any amount of data takes as much memory as
 * the {@link Accumulator} keeps. What is a mean over examples is rather a {@link Metric}.
 */
public interface EvaluationMetric {
  /** The name in tables and files. */
  String name();

  /** What takes the predictions of one evaluation. */
  Accumulator accumulator();

  /** Whether a larger value is a better one. */
  default boolean higherIsBetter() {
    return true;
  }

  /**
   * The number of the model's output that it is of, from 0. The target is that of the output's
   * first loss.
   */
  default int output() {
    return 0;
  }

  /** This metric of another of the model's outputs, under a name. */
  default EvaluationMetric on(int output, String name) {
    return new OutputEvaluationMetric(this, output, name);
  }

  /** Takes predictions batch by batch. */
  interface Accumulator {
    /**
     * Takes a batch; the tensors are reused afterwards.
     *
     * @param prediction what the model predicts, for instance probabilities {@code [N, C]}
     * @param target the targets
     */
    void add(HostTensor prediction, HostTensor target);

    /**
     * The values over all batches: under an empty text the one that is called as the metric is,
     * others under what follows its name and a dot.
     */
    Map<String, Double> values();
  }
}
