package dev.tarn.loss;

import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Cross-entropy of the softmax: output logits f32 {@code [N, C]}; predicts probabilities.
 *
 * <p>{@code loss_n = - sum_c w_c q_nc log softmax(x_n)_c} with {@code q = (1 - e) t + e / C}, where
 * {@code t} is the target's one-hot code or its probabilities and {@code e} the label smoothing
 * (Szegedy et al. 2016). With class indices the mean is over {@code sum_n w_(y_n)}, ignored
 * examples left out; with probabilities it is over N. As PyTorch defines it, but a batch of which
 * every example is ignored has loss 0, not NaN.
 *
 * @param labelSmoothing e, from 0 to 1
 * @param classWeights w, one number of at least 0 per class, or empty for ones
 * @param ignoreIndex the class index of examples that do not count, or null
 * @param probabilities whether targets are probabilities f32 {@code [N, C]}, one-hot codes among
 *     them, rather than class indices i32 {@code [N]}
 */
public record CrossEntropy(
    double labelSmoothing,
    List<Double> classWeights,
    @Nullable Integer ignoreIndex,
    boolean probabilities)
    implements Loss {
  /** Checks the settings. */
  public CrossEntropy {
    classWeights = List.copyOf(classWeights);
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new TarnException(
          "cross_entropy: label_smoothing must be from 0 to 1, not " + labelSmoothing);
    }
    if (classWeights.stream().anyMatch(w -> !(w >= 0 && w < Double.POSITIVE_INFINITY))) {
      throw new TarnException(
          "cross_entropy: class_weights must be at least 0, not " + classWeights);
    }
    if (probabilities && ignoreIndex != null) {
      throw new TarnException(
          "cross_entropy: ignore_index needs class indices; these targets are probabilities");
    }
  }

  /** With smoothed targets. */
  public CrossEntropy labelSmoothing(double value) {
    return new CrossEntropy(value, classWeights, ignoreIndex, probabilities);
  }

  /** With a weight for each class. */
  public CrossEntropy classWeights(double... values) {
    List<Double> weights = Arrays.stream(values).boxed().toList();
    return new CrossEntropy(labelSmoothing, weights, ignoreIndex, probabilities);
  }

  /** Leaves out the examples of a class index, which need not be that of a class. */
  public CrossEntropy ignoreIndex(int value) {
    return new CrossEntropy(labelSmoothing, classWeights, value, probabilities);
  }

  /** With targets that are probabilities or one-hot codes f32 {@code [N, C]}. */
  public CrossEntropy ofProbabilities() {
    return new CrossEntropy(labelSmoothing, classWeights, ignoreIndex, true);
  }

  @Override
  public Tensor perExample(Tensor output, Tensor target) {
    if (!probabilities && !weighted() && labelSmoothing == 0) {
      return output.softmaxCrossEntropy(target);
    }
    check(output);
    Tensor surprise = logSoftmax(output).neg();
    if (!classWeights.isEmpty()) {
      surprise = surprise.mul(weightOfClass(output));
    }
    Tensor share = probabilities ? target : oneHot(output, target);
    Tensor smoothed =
        labelSmoothing == 0
            ? share
            : share.mul(1 - labelSmoothing).add(labelSmoothing / output.shape().dim(1));
    Tensor losses = smoothed.mul(surprise).sum(1);
    if (probabilities) {
      return losses;
    }
    // 0 for an index that is no class: then the loss is NaN, as it is without any setting.
    Tensor known = share.sum(1);
    if (ignoreIndex == null) {
      return losses.div(known);
    }
    Tensor ignored = ignored(target, ignoreIndex);
    Tensor one = output.trace().constant(1);
    Tensor zero = output.trace().constant(0);
    return ignored.select(zero, losses.div(ignored.select(one, known)));
  }

  @Override
  public boolean weighted() {
    return !probabilities && (!classWeights.isEmpty() || ignoreIndex != null);
  }

  @Override
  public Tensor weights(Tensor output, Tensor target) {
    if (!weighted()) {
      return Loss.super.weights(output, target);
    }
    Tensor share = oneHot(output, target);
    Tensor weights = (classWeights.isEmpty() ? share : share.mul(weightOfClass(output))).sum(1);
    return ignoreIndex == null
        ? weights
        : ignored(target, ignoreIndex).select(output.trace().constant(0), weights);
  }

  @Override
  public Spec target(Spec output) {
    return probabilities ? output : Spec.i32(output.shape().dim(0));
  }

  @Override
  public Tensor prediction(Tensor output) {
    return output.softmax();
  }

  private void check(Tensor output) {
    if (output.shape().rank() != 2) {
      throw output
          .trace()
          .failure("cross_entropy: needs logits [N, C], was given " + output.shape());
    }
    int classes = output.shape().dim(1);
    if (!classWeights.isEmpty() && classWeights.size() != classes) {
      throw new ShapeException(
          "cross_entropy: "
              + classWeights.size()
              + " class weights for "
              + classes
              + " classes; give one per class");
    }
  }

  private Tensor weightOfClass(Tensor output) {
    double[] values = classWeights.stream().mapToDouble(Double::doubleValue).toArray();
    return output.trace().constant(HostTensor.of(values, dev.tarn.Shape.of(1, values.length)));
  }

  private static Tensor ignored(Tensor target, int index) {
    return target.equal(target.trace().constant(HostTensor.scalar(index)));
  }

  private static Tensor oneHot(Tensor output, Tensor target) {
    int[] classes = new int[output.shape().dim(1)];
    for (int c = 0; c < classes.length; c++) {
      classes[c] = c;
    }
    Tensor column = target.reshape(target.shape().dim(0), 1);
    return column.equal(output.trace().constant(HostTensor.of(classes, 1, classes.length)));
  }

  /** The logarithm of the softmax of each row, without overflow. */
  static Tensor logSoftmax(Tensor output) {
    int rows = output.shape().dim(0);
    Tensor shifted = output.sub(output.max(1).reshape(rows, 1));
    return shifted.sub(shifted.exp().sum(1).log().reshape(rows, 1));
  }
}
