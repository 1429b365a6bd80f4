package dev.tarn.nn;

import dev.tarn.Mode;
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

  private Dropout(float rate) {
    this.rate = rate;
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
    return new Dropout((float) rate);
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return mode == Mode.EVAL || rate == 0
        ? x
        : x.mul(x.trace().dropoutMask(path(), x.shape(), rate));
  }
}
