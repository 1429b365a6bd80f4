package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import java.util.Arrays;

/**
 * A rectifier whose slope below zero is learned: {@code x > 0 ? x : weight x} (He et al. 2015).
 *
 * <p>Parameter: {@code weight} f32 {@code [1]}, or {@code [C]} for inputs {@code [N, C, ...]}. It
 * starts at 0.25, and weight decay spares it, as the authors advise: decay would pull it to ReLU.
 */
public final class PRelu extends Module {
  private static final float START = 0.25f;

  private final boolean perChannel;
  private Initializer weightInitializer = Initializers.constant(START);

  private PRelu(boolean perChannel) {
    this.perChannel = perChannel;
  }

  /** One slope for all elements. */
  public static PRelu shared() {
    return new PRelu(false);
  }

  /** A slope for each channel, the second axis of the input. */
  public static PRelu perChannel() {
    return new PRelu(true);
  }

  /** Sets what the slopes start with. */
  public PRelu weights(Initializer initializer) {
    weightInitializer = initializer;
    return this;
  }

  /**
   * {@inheritDoc}
   *
   * @throws ShapeException if there is a slope per channel and the input has no second axis
   */
  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> output(x));
  }

  private Tensor output(Tensor x) {
    if (perChannel && x.shape().rank() < 2) {
      throw x.trace().failure("prelu " + path() + ": needs [N, C, ...], was given " + x.shape());
    }
    int slopes = perChannel ? x.shape().dim(1) : 1;
    Parameter weight = parameter("weight", Shape.of(slopes), weightInitializer, false);
    Tensor slope = x.trace().state(weight);
    if (perChannel && x.shape().rank() > 2) {
      int[] dims = new int[x.shape().rank() - 1];
      Arrays.fill(dims, 1);
      dims[0] = slopes;
      slope = slope.reshape(dims);
    }
    return x.greater(0).select(x, x.mul(slope));
  }
}
