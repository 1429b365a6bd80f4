package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;

/**
 * Inverted dropout (Srivastava et al. 2014): in training each element becomes zero with probability
 * {@code rate} and is scaled by {@code 1 / (1 - rate)} otherwise; in evaluation nothing happens.
 *
 * <p>The mask depends on the training's seed, the step, the module's path and the element's index
 * only: it is the same on every backend.
 */
public final class Dropout extends Module {
  private final float rate;
  private final boolean spatial;

  private Dropout(float rate, boolean spatial) {
    this.rate = rate;
    this.spatial = spatial;
  }

  /**
   * Dropout with a rate.
   *
   * @throws ShapeException if the rate is not in [0, 1)
   */
  public static Dropout rate(double rate) {
    if (!(rate >= 0 && rate < 1)) {
      throw new ShapeException("dropout: the rate must be at least 0 and below 1, not " + rate);
    }
    return new Dropout((float) rate, false);
  }

  /**
   * This layer, but whole channels of {@code [N, C, ...]} become zero (Tompson et al. 2015): the
   * neighbours of an element in an image say too much about it for anything less.
   *
   * <p>The mask is {@code [N, C, 1, ...]}; element {@code n C + c} of it decides for a channel.
   */
  public Dropout spatial() {
    return new Dropout(rate, true);
  }

  /**
   * {@inheritDoc}
   *
   * @throws ShapeException if it is spatial and the input has no axes after the channels
   */
  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> output(x, mode));
  }

  private Tensor output(Tensor x, Mode mode) {
    if (spatial && x.shape().rank() < 3) {
      throw x.trace()
          .failure(
              "dropout " + path() + ": spatial needs [N, C, L] or [N, C, H, W], was " + x.shape());
    }
    if (mode == Mode.EVAL || rate == 0) {
      return x;
    }
    return x.mul(x.trace().dropoutMask(path(), spatial ? channels(x.shape()) : x.shape(), rate));
  }

  private static Shape channels(Shape shape) {
    Shape one = shape;
    for (int axis = 2; axis < shape.rank(); axis++) {
      one = one.with(axis, 1);
    }
    return one;
  }
}
