package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import java.util.Arrays;

/**
 * Layer normalization (Ba et al. 2016) over the last axes: {@code y = weight (x - mean) /
 * sqrt(variance + epsilon) + bias} with mean and biased variance of each example by itself.
 *
 * <p>Parameters: {@code weight}, at first 1, and {@code bias}, at first 0, both f32 of the shape
 * that is normalized over; neither decays.
 */
public final class LayerNorm extends Module {
  private final int axes;
  private final double epsilon;
  private Initializer weightInitializer = Initializers.constant(1);
  private Initializer biasInitializer = Initializers.zeros();

  private LayerNorm(int axes, double epsilon) {
    this.axes = axes;
    this.epsilon = epsilon;
  }

  /** A layer over the last axis with epsilon 1e-5. */
  public static LayerNorm create() {
    return overLast(1);
  }

  /**
   * A layer over the last so many axes with epsilon 1e-5.
   *
   * @throws ShapeException if the number is not positive
   */
  public static LayerNorm overLast(int axes) {
    if (axes <= 0) {
      throw new ShapeException("layer_norm: the number of axes must be positive, not " + axes);
    }
    return new LayerNorm(axes, 1e-5);
  }

  /**
   * This layer with another number added to the variance.
   *
   * @throws ShapeException if it is not positive
   */
  public LayerNorm epsilon(double added) {
    return with(axes, Norms.positive("layer_norm", added), weightInitializer, biasInitializer);
  }

  /** This layer with another start of its weight, such as zeros at the end of a residual. */
  public LayerNorm weights(Initializer initializer) {
    return with(axes, epsilon, initializer, biasInitializer);
  }

  /** This layer with another start of its bias. */
  public LayerNorm biases(Initializer initializer) {
    return with(axes, epsilon, weightInitializer, initializer);
  }

  private static LayerNorm with(int axes, double epsilon, Initializer weight, Initializer bias) {
    LayerNorm layer = new LayerNorm(axes, epsilon);
    layer.weightInitializer = weight;
    layer.biasInitializer = bias;
    return layer;
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> output(x));
  }

  private Tensor output(Tensor x) {
    int[] dims = x.shape().dims();
    if (dims.length <= axes) {
      throw x.trace()
          .failure(
              "layer_norm "
                  + path()
                  + ": normalizes the last "
                  + (axes == 1 ? "axis" : axes + " axes")
                  + " after the batch, was given "
                  + x.shape());
    }
    Shape over = Shape.of(Arrays.copyOfRange(dims, dims.length - axes, dims.length));
    if (over.size() == 0) {
      throw x.trace().failure("layer_norm " + path() + ": nothing to normalize in " + x.shape());
    }
    Parameter weight = parameter("weight", over, weightInitializer, false);
    Parameter bias = parameter("bias", over, biasInitializer, false);
    int columns = over.intSize();
    return x.reshape((int) (x.shape().size() / columns), columns)
        .normalizeRows(epsilon)
        .reshape(dims)
        .mul(x.trace().state(weight))
        .add(x.trace().state(bias));
  }
}
