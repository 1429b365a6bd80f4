package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.Tensor;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;
import java.util.function.ToDoubleBiFunction;

/**
 * Metrics by name.
 *
 * <p>Accuracies and errors are a {@link Metric} each, the others an {@link EvaluationMetric}.
 * Classes are labels with as many predictions as there are classes, or yes and no as {@link
 * Confusion} tells them apart.
 */
public final class Metrics {
  private Metrics() {}

  /** A metric of means. */
  private record Mean(
      String name, BinaryOperator<Tensor> value, boolean higherIsBetter, DoubleUnaryOperator finish)
      implements Metric {
    @Override
    public Tensor perExample(Tensor output, Tensor target) {
      return value.apply(output, target);
    }

    @Override
    public double ofMean(double mean) {
      return finish.applyAsDouble(mean);
    }
  }

  /** A metric of predictions. */
  private record OfPredictions(String name, Supplier<Accumulator> start)
      implements EvaluationMetric {
    @Override
    public Accumulator accumulator() {
      return start.get();
    }
  }

  private static Metric mean(String name, BinaryOperator<Tensor> value, boolean higherIsBetter) {
    return new Mean(name, value, higherIsBetter, mean -> mean);
  }

  /** The share of examples whose largest output is that of the target class. */
  public static Metric accuracy() {
    return mean("accuracy", (output, target) -> output.argmax().equal(target), true);
  }

  /**
   * The share of examples for which all outputs say rightly yes or no: above the threshold where
   * the target is above 0.5, else not.
   *
   * @param threshold 0.5 for probabilities, 0 for logits
   */
  public static Metric binaryAccuracy(double threshold) {
    return mean(
        "accuracy",
        (output, target) -> {
          Tensor right = output.greater(threshold).equal(target.greater(0.5));
          return rows(right).min(1);
        },
        true);
  }

  /**
   * The share of examples for which fewer than k outputs are larger than that of the target class;
   * it is called {@code top_3} for k = 3.
   *
   * @throws dev.tarn.TarnException if k is below 1
   */
  public static Metric topK(int k) {
    if (k < 1) {
      throw new dev.tarn.TarnException("top_k: k must be at least 1, not " + k);
    }
    return mean(
        "top_" + k,
        (output, target) -> {
          Tensor own = target.oneHot(output.shape().dim(1));
          Tensor score = Tensor.where(own, output, output.mul(0)).sum(new int[] {1}, true);
          Tensor larger = output.greater(score.broadcastTo(output.shape())).sum(1);
          return larger.neg().greater(-k);
        },
        true);
  }

  /** The mean absolute error of the outputs. */
  public static Metric mae() {
    return mean("mae", (output, target) -> rows(output.sub(target).abs()).mean(1), false);
  }

  /** The root of the mean squared error of the outputs. */
  public static Metric rmse() {
    return new Mean(
        "rmse",
        (output, target) -> {
          Tensor error = output.sub(target);
          return rows(error.mul(error)).mean(1);
        },
        false,
        Math::sqrt);
  }

  /** An example's elements in one axis: {@code [N, ...]} as {@code [N, M]}. */
  private static Tensor rows(Tensor x) {
    int n = x.shape().dim(0);
    return x.reshape(n, x.shape().intSize() / n);
  }

  /** How many of those taken for a class are of it. */
  public static EvaluationMetric precision(Average average) {
    return precision(average, 0.5);
  }

  /** The same, a single prediction saying yes above a threshold. */
  public static EvaluationMetric precision(Average average, double threshold) {
    return classes("precision", Confusion::precision, average, threshold);
  }

  /** How many of a class were taken for it. */
  public static EvaluationMetric recall(Average average) {
    return recall(average, 0.5);
  }

  /** The same, a single prediction saying yes above a threshold. */
  public static EvaluationMetric recall(Average average, double threshold) {
    return classes("recall", Confusion::recall, average, threshold);
  }

  /** The harmonic mean of precision and recall. */
  public static EvaluationMetric f1(Average average) {
    return f1(average, 0.5);
  }

  /** The same, a single prediction saying yes above a threshold. */
  public static EvaluationMetric f1(Average average, double threshold) {
    return classes("f1", Confusion::f1, average, threshold);
  }

  private static EvaluationMetric classes(
      String name,
      ToDoubleBiFunction<Confusion, Integer> ofClass,
      Average average,
      double threshold) {
    return new OfPredictions(
        average == Average.MICRO ? name + "_micro" : name,
        () -> {
          Confusion confusion = new Confusion(threshold);
          return new EvaluationMetric.Accumulator() {
            @Override
            public void add(HostTensor prediction, HostTensor target) {
              confusion.add(prediction, target);
            }

            @Override
            public Map<String, Double> values() {
              return confusion.values(c -> ofClass.applyAsDouble(confusion, c), average);
            }
          };
        });
  }

  /**
   * The area under the ROC curve, of several classes the mean of each against the rest. It keeps
   * all predictions of an evaluation: 4 bytes for each class and example. NaN if all examples are
   * of one class.
   */
  public static EvaluationMetric auc() {
    return new OfPredictions("auc", RocCurve::new);
  }

  /** The coefficient of determination of the predictions, the mean over an example's numbers. */
  public static EvaluationMetric r2() {
    return new OfPredictions("r2", Determination::new);
  }
}
