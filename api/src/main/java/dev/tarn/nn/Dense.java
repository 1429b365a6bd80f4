package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A fully connected layer: {@code y = x W^T + b}, {@code [N, in] -> [N, units]}.
 *
 * <p>Parameters: {@code weight} f32 {@code [units, in]} and {@code bias} f32 {@code [units]}. Both
 * start uniform in {@code ±1/sqrt(in)} unless said otherwise, as in PyTorch.
 */
public final class Dense extends Module {
  private final int units;
  private boolean bias = true;
  private Initializer weightInitializer = Initializers.fanInUniform();
  private @Nullable Initializer biasInitializer;

  private Dense(int units) {
    this.units = units;
  }

  /**
   * A layer with so many outputs; the number of inputs is taken from the first input.
   *
   * @throws ShapeException if {@code units} is not positive
   */
  public static Dense units(int units) {
    if (units <= 0) {
      throw new ShapeException("dense: units must be positive, not " + units);
    }
    return new Dense(units);
  }

  /** Leaves the bias out. */
  public Dense withoutBias() {
    bias = false;
    return this;
  }

  /** Sets what the weight starts with. */
  public Dense weights(Initializer initializer) {
    weightInitializer = initializer;
    return this;
  }

  /** Sets what the bias starts with. */
  public Dense biases(Initializer initializer) {
    biasInitializer = initializer;
    return this;
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> output(x));
  }

  private Tensor output(Tensor x) {
    if (x.shape().rank() != 2) {
      throw x.trace()
          .failure(
              "dense "
                  + path()
                  + ": needs [N, in], was given "
                  + x.shape()
                  + "; put flatten before it");
    }
    int in = x.shape().dim(1);
    Parameter weight = parameter("weight", Shape.of(units, in), weightInitializer, true);
    Tensor y = x.matmul(x.trace().state(weight), false, true);
    if (!bias) {
      return y;
    }
    Initializer initializer =
        biasInitializer != null ? biasInitializer : Initializers.uniform(1 / StrictMath.sqrt(in));
    Parameter b = parameter("bias", Shape.of(units), initializer, false);
    return y.add(x.trace().state(b));
  }
}
