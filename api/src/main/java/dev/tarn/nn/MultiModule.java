package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import java.util.List;

/**
 * A module of several inputs or several outputs: any graph of modules and tensor operations.
 *
 * <p>A trainer feeds the inputs with a data set's features, in order, and knows the outputs by
 * their numbers, from 0.
 */
public abstract class MultiModule extends Module {
  /** A module without a name yet: it gets one as a {@link #child} of another. */
  protected MultiModule() {}

  @Override
  public abstract List<Tensor> forward(List<Tensor> inputs, Mode mode);

  /**
   * The only output for the only input.
   *
   * @throws ShapeException if the module needs more inputs or has more outputs
   */
  @Override
  public final Tensor forward(Tensor x, Mode mode) {
    List<Tensor> outputs = forward(List.of(x), mode);
    if (outputs.size() != 1) {
      throw new ShapeException(
          this + ": has " + outputs.size() + " outputs, one is needed: call forward with a list");
    }
    return outputs.get(0);
  }

  /**
   * Checks how many inputs there are.
   *
   * @throws ShapeException if there are others
   */
  protected final void needInputs(List<Tensor> inputs, int count) {
    if (inputs.size() != count) {
      throw new ShapeException(this + ": takes " + count + " inputs, was given " + inputs.size());
    }
  }
}
