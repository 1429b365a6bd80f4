package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import org.jspecify.annotations.Nullable;

/**
 * A transposed 2-D convolution: {@code [N, C, H, W] -> [N, filters, P, Q]} with {@code P = (H - 1)
 * stride - 2 padding + dilation (kH - 1) + 1 + outputPadding}, Q likewise; the adjoint of a {@link
 * Conv2d} that takes {@code [N, filters, P, Q]} to {@code [N, C, H, W]}.
 *
 * <p>Parameters: {@code weight} f32 {@code [C, filters/groups, kH, kW]} and {@code bias} f32 {@code
 * [filters]}. Both start uniform in {@code ±1/sqrt(filters/groups kH kW)} unless said otherwise, as
 * in PyTorch.
 */
public final class ConvTranspose2d extends Module {
  private final int filters;
  private int[] kernel = {1, 1};
  private Window2d window = Window2d.UNIT;
  private int extraRows;
  private int extraColumns;
  private boolean bias = true;
  private Initializer weightInitializer = Initializers.fanInUniform();
  private @Nullable Initializer biasInitializer;

  private ConvTranspose2d(int filters) {
    this.filters = filters;
  }

  /**
   * A transposed convolution with so many outputs and a kernel of 1 x 1; the number of channels is
   * taken from the first input.
   *
   * @throws ShapeException if {@code filters} is not positive
   */
  public static ConvTranspose2d filters(int filters) {
    if (filters <= 0) {
      throw new ShapeException("conv_transpose2d: filters must be positive, not " + filters);
    }
    return new ConvTranspose2d(filters);
  }

  /** Sets a square kernel. */
  public ConvTranspose2d kernel(int size) {
    return kernel(size, size);
  }

  /**
   * Sets the kernel's extents.
   *
   * @throws ShapeException if one is not positive
   */
  public ConvTranspose2d kernel(int rows, int columns) {
    if (rows <= 0 || columns <= 0) {
      throw new ShapeException(
          "conv_transpose2d: the kernel must be positive, not " + rows + " x " + columns);
    }
    kernel = new int[] {rows, columns};
    return this;
  }

  /** Sets the stride along both axes. */
  public ConvTranspose2d stride(int size) {
    return stride(size, size);
  }

  /** Sets the stride. */
  public ConvTranspose2d stride(int rows, int columns) {
    window = window.stride(rows, columns);
    return this;
  }

  /** Sets the dilation along both axes. */
  public ConvTranspose2d dilation(int size) {
    return dilation(size, size);
  }

  /** Sets the dilation. */
  public ConvTranspose2d dilation(int rows, int columns) {
    window = window.dilation(rows, columns);
    return this;
  }

  /** Divides the channels into groups. */
  public ConvTranspose2d groups(int count) {
    window = window.groups(count);
    return this;
  }

  /** Takes so many rows and columns off each side of the result: the padding of the adjoint. */
  public ConvTranspose2d padding(int size) {
    return padding(size, size);
  }

  /** Takes {@code rows} off the top and the bottom of the result, {@code columns} off its sides. */
  public ConvTranspose2d padding(int rows, int columns) {
    return padding(rows, rows, columns, columns);
  }

  /** Takes a number of its own off each side of the result. */
  public ConvTranspose2d padding(int top, int bottom, int left, int right) {
    window = window.padding(top, bottom, left, right);
    return this;
  }

  /**
   * Appends rows below and columns to the right, for convolutions that take images of several
   * extents to one.
   *
   * @throws ShapeException if a number is negative
   */
  public ConvTranspose2d outputPadding(int rows, int columns) {
    if (rows < 0 || columns < 0) {
      throw new ShapeException("conv_transpose2d: output padding must not be negative");
    }
    extraRows = rows;
    extraColumns = columns;
    return this;
  }

  /** Leaves the bias out. */
  public ConvTranspose2d withoutBias() {
    bias = false;
    return this;
  }

  /** Sets what the weight starts with. */
  public ConvTranspose2d weights(Initializer initializer) {
    weightInitializer = initializer;
    return this;
  }

  /** Sets what the bias starts with. */
  public ConvTranspose2d biases(Initializer initializer) {
    biasInitializer = initializer;
    return this;
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> output(x));
  }

  private Tensor output(Tensor x) {
    int groups = window.groups();
    if (x.shape().rank() != 4 || x.shape().dim(1) % groups != 0 || filters % groups != 0) {
      throw x.trace()
          .failure(
              "conv_transpose2d "
                  + path()
                  + ": needs [N, C, H, W]"
                  + (groups == 1 ? "" : " with C and filters multiples of " + groups)
                  + ", was given "
                  + x.shape());
    }
    Shape weights = Shape.of(x.shape().dim(1), filters / groups, kernel[0], kernel[1]);
    Parameter weight = parameter("weight", weights, weightInitializer, true);
    Tensor y = x.convTranspose2d(x.trace().state(weight), window, extraRows, extraColumns);
    if (!bias) {
      return y;
    }
    double bound = 1 / StrictMath.sqrt(weights.withoutFirst().size());
    Initializer initializer =
        biasInitializer != null ? biasInitializer : Initializers.uniform(bound);
    Parameter b = parameter("bias", Shape.of(filters), initializer, false);
    return y.add(x.trace().state(b).reshape(filters, 1, 1));
  }
}
