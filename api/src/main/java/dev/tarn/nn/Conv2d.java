package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import org.jspecify.annotations.Nullable;

/**
 * A 2-D convolution: {@code [N, C, H, W] -> [N, filters, P, Q]}; see {@link dev.tarn.ir.Conv2d}.
 *
 * <p>Parameters: {@code weight} f32 {@code [filters, C/groups, kH, kW]} and {@code bias} f32 {@code
 * [filters]}. Both start uniform in {@code ±1/sqrt(C/groups kH kW)} unless said otherwise, as in
 * PyTorch. Stride and dilation are one and there is no padding unless said otherwise.
 */
public final class Conv2d extends Module {
  private final int filters;
  private int[] kernel = {1, 1};
  private Window2d window = Window2d.UNIT;
  private Padding2d padding = Padding2d.VALID;
  private boolean bias = true;
  private Initializer weightInitializer = Initializers.fanInUniform();
  private @Nullable Initializer biasInitializer;

  private Conv2d(int filters) {
    this.filters = filters;
  }

  /**
   * A convolution with so many outputs and a kernel of 1 x 1; the number of channels is taken from
   * the first input.
   *
   * @throws ShapeException if {@code filters} is not positive
   */
  public static Conv2d filters(int filters) {
    if (filters <= 0) {
      throw new ShapeException("conv2d: filters must be positive, not " + filters);
    }
    return new Conv2d(filters);
  }

  /** Sets a square kernel. */
  public Conv2d kernel(int size) {
    return kernel(size, size);
  }

  /**
   * Sets the kernel's extents.
   *
   * @throws ShapeException if one is not positive
   */
  public Conv2d kernel(int rows, int columns) {
    if (rows <= 0 || columns <= 0) {
      throw new ShapeException(
          "conv2d: the kernel must be positive, not " + rows + " x " + columns);
    }
    kernel = new int[] {rows, columns};
    return this;
  }

  /** Sets the stride along both axes. */
  public Conv2d stride(int size) {
    return stride(size, size);
  }

  /** Sets the stride. */
  public Conv2d stride(int rows, int columns) {
    window = window.stride(rows, columns);
    return this;
  }

  /** Sets the dilation along both axes. */
  public Conv2d dilation(int size) {
    return dilation(size, size);
  }

  /** Sets the dilation. */
  public Conv2d dilation(int rows, int columns) {
    window = window.dilation(rows, columns);
    return this;
  }

  /** Divides the channels into groups; as many groups as channels make it depthwise. */
  public Conv2d groups(int count) {
    window = window.groups(count);
    return this;
  }

  /**
   * Pads so that the result has {@code ceil(H / stride)} rows, and columns likewise; an odd row or
   * column of padding goes below or to the right.
   */
  public Conv2d same() {
    padding = Padding2d.SAME;
    return this;
  }

  /** Does not pad. */
  public Conv2d valid() {
    padding = Padding2d.VALID;
    return this;
  }

  /** Pads all four sides equally. */
  public Conv2d padding(int size) {
    return padding(size, size);
  }

  /** Pads above and below by {@code rows}, left and right by {@code columns}. */
  public Conv2d padding(int rows, int columns) {
    return padding(rows, rows, columns, columns);
  }

  /** Pads each side by a number of its own. */
  public Conv2d padding(int top, int bottom, int left, int right) {
    padding = Padding2d.of(top, bottom, left, right);
    return this;
  }

  /** Leaves the bias out. */
  public Conv2d withoutBias() {
    bias = false;
    return this;
  }

  /** Sets what the weight starts with. */
  public Conv2d weights(Initializer initializer) {
    weightInitializer = initializer;
    return this;
  }

  /** Sets what the bias starts with. */
  public Conv2d biases(Initializer initializer) {
    biasInitializer = initializer;
    return this;
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> output(x));
  }

  private Tensor output(Tensor x) {
    Shape shape = x.shape();
    if (shape.rank() != 4 || shape.dim(1) % window.groups() != 0) {
      throw x.trace()
          .failure(
              "conv2d "
                  + path()
                  + ": needs [N, C, H, W]"
                  + (window.groups() == 1 ? "" : " with C a multiple of " + window.groups())
                  + ", was given "
                  + shape);
    }
    Window2d padded = padding.apply(window, new int[] {shape.dim(2), shape.dim(3)}, kernel);
    Shape weights = Shape.of(filters, shape.dim(1) / window.groups(), kernel[0], kernel[1]);
    Parameter weight = parameter("weight", weights, weightInitializer, true);
    Tensor y = x.conv2d(x.trace().state(weight), padded);
    return bias ? addBias(y, weights.withoutFirst().size()) : y;
  }

  private Tensor addBias(Tensor y, long fanIn) {
    Initializer initializer =
        biasInitializer != null
            ? biasInitializer
            : Initializers.uniform(1 / StrictMath.sqrt(fanIn));
    Parameter b = parameter("bias", Shape.of(filters), initializer, false);
    return y.add(y.trace().state(b).reshape(filters, 1, 1));
  }
}
