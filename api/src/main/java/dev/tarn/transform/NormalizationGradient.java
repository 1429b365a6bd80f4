package dev.tarn.transform;

import dev.tarn.Shape;
import dev.tarn.Tensor;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.NormalizeRowsGrad;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The gradients of normalizations, by way of all three outputs: values, mean and variance. */
final class NormalizationGradient {
  private NormalizationGradient() {}

  /**
   * The gradients by x, scale and bias.
   *
   * @param in x, scale
   * @param out y, mean, variance
   * @param grads the gradients of the outputs, null where the loss does not depend on one
   */
  static List<@Nullable Tensor> batchNorm(
      double epsilon, List<Tensor> in, List<Tensor> out, List<@Nullable Tensor> grads) {
    Tensor x = in.get(0);
    Tensor mean = out.get(1);
    Tensor variance = out.get(2);
    int[] dims = new int[x.shape().rank()];
    Arrays.fill(dims, 1);
    dims[1] = x.shape().dim(1);
    Shape channel = Shape.of(dims);
    Tensor dy = grads.get(0);
    List<Tensor> twin =
        dy == null
            ? List.of()
            : x.trace().add(new BatchNormGrad(epsilon), x, in.get(1), mean, variance, dy);
    Tensor dx = statistics(x, mean, grads, channel, twin.isEmpty() ? null : twin.get(0));
    return Arrays.asList(
        dx, twin.isEmpty() ? null : twin.get(1), twin.isEmpty() ? null : twin.get(2));
  }

  /**
   * The gradient by x.
   *
   * @param out y, mean, variance
   * @param grads the gradients of the outputs, null where the loss does not depend on one
   */
  static @Nullable Tensor rows(
      double epsilon, Tensor x, List<Tensor> out, List<@Nullable Tensor> grads) {
    Tensor dy = grads.get(0);
    Tensor dx =
        dy == null
            ? null
            : x.trace().add(new NormalizeRowsGrad(epsilon), x, out.get(1), out.get(2), dy).get(0);
    return statistics(x, out.get(1), grads, Shape.of(x.shape().dim(0), 1), dx);
  }

  /** Adds {@code dmean / m} and {@code 2 dvariance (x - mean) / m}, m elements per statistic. */
  private static @Nullable Tensor statistics(
      Tensor x, Tensor mean, List<@Nullable Tensor> grads, Shape group, @Nullable Tensor values) {
    double share = (double) group.size() / x.shape().size();
    @Nullable Tensor dx = values;
    Tensor dMean = grads.get(1);
    if (dMean != null) {
      Tensor term = dMean.mul(share).reshape(group.dims()).broadcastTo(x.shape());
      dx = dx == null ? term : dx.add(term);
    }
    Tensor dVariance = grads.get(2);
    if (dVariance != null) {
      Tensor factor = dVariance.mul(2 * share).reshape(group.dims());
      Tensor term = x.sub(mean.reshape(group.dims())).mul(factor);
      dx = dx == null ? term : dx.add(term);
    }
    return dx;
  }
}
