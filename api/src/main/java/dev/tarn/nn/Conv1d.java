package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import org.jspecify.annotations.Nullable;

/**
 * A 1-D convolution: {@code [N, C, L] -> [N, filters, Q]}, computed as a 2-D one with one row.
 *
 * <p>Parameters: {@code weight} f32 {@code [filters, C/groups, kernel]} and {@code bias} f32 {@code
 * [filters]}. Both start uniform in {@code ±1/sqrt(C/groups kernel)} unless said otherwise, as in
 * PyTorch. Stride and dilation are one and there is no padding unless said otherwise.
 */
public final class Conv1d extends Module {
  private final int filters;
  private int kernel = 1;
  private Window2d window = Window2d.UNIT;
  private Padding2d padding = Padding2d.VALID;
  private boolean bias = true;
  private Initializer weightInitializer = Initializers.fanInUniform();
  private @Nullable Initializer biasInitializer;

  private Conv1d(int filters) {
    this.filters = filters;
  }

  /**
   * A convolution with so many outputs and a kernel of one element; the number of channels is taken
   * from the first input.
   *
   * @throws ShapeException if {@code filters} is not positive
   */
  public static Conv1d filters(int filters) {
    if (filters <= 0) {
      throw new ShapeException("conv1d: filters must be positive, not " + filters);
    }
    return new Conv1d(filters);
  }

  /**
   * Sets the kernel's extent.
   *
   * @throws ShapeException if it is not positive
   */
  public Conv1d kernel(int size) {
    if (size <= 0) {
      throw new ShapeException("conv1d: the kernel must be positive, not " + size);
    }
    kernel = size;
    return this;
  }

  /** Sets the stride. */
  public Conv1d stride(int size) {
    window = window.stride(1, size);
    return this;
  }

  /** Sets the dilation. */
  public Conv1d dilation(int size) {
    window = window.dilation(1, size);
    return this;
  }

  /** Divides the channels into groups. */
  public Conv1d groups(int count) {
    window = window.groups(count);
    return this;
  }

  /** Pads so that the result has {@code ceil(L / stride)} elements, an odd one at the end. */
  public Conv1d same() {
    padding = Padding2d.SAME;
    return this;
  }

  /** Does not pad. */
  public Conv1d valid() {
    padding = Padding2d.VALID;
    return this;
  }

  /** Pads both ends equally. */
  public Conv1d padding(int size) {
    return padding(size, size);
  }

  /** Pads each end by a number of its own. */
  public Conv1d padding(int before, int after) {
    padding = Padding2d.of(0, 0, before, after);
    return this;
  }

  /** Leaves the bias out. */
  public Conv1d withoutBias() {
    bias = false;
    return this;
  }

  /** Sets what the weight starts with. */
  public Conv1d weights(Initializer initializer) {
    weightInitializer = initializer;
    return this;
  }

  /** Sets what the bias starts with. */
  public Conv1d biases(Initializer initializer) {
    biasInitializer = initializer;
    return this;
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> output(x));
  }

  private Tensor output(Tensor x) {
    Shape shape = x.shape();
    if (shape.rank() != 3 || shape.dim(1) % window.groups() != 0) {
      throw x.trace()
          .failure(
              "conv1d "
                  + path()
                  + ": needs [N, C, L]"
                  + (window.groups() == 1 ? "" : " with C a multiple of " + window.groups())
                  + ", was given "
                  + shape);
    }
    int channels = shape.dim(1);
    Window2d padded = padding.apply(window, new int[] {1, shape.dim(2)}, new int[] {1, kernel});
    Shape weights = Shape.of(filters, channels / window.groups(), kernel);
    Parameter weight = parameter("weight", weights, weightInitializer, true);
    Tensor image = x.reshape(shape.dim(0), channels, 1, shape.dim(2));
    Tensor rows = x.trace().state(weight).reshape(filters, weights.dim(1), 1, kernel);
    Tensor y = image.conv2d(rows, padded);
    y = y.reshape(shape.dim(0), filters, y.shape().dim(3));
    if (!bias) {
      return y;
    }
    double bound = 1 / StrictMath.sqrt(weights.withoutFirst().size());
    Initializer initializer =
        biasInitializer != null ? biasInitializer : Initializers.uniform(bound);
    Parameter b = parameter("bias", Shape.of(filters), initializer, false);
    return y.add(x.trace().state(b).reshape(filters, 1));
  }
}
