package dev.tarn;

import java.util.function.LongFunction;
import java.util.function.Supplier;

/** A state that training learns: optimizers update it along its gradient. */
public final class Parameter extends State {
  private final boolean decays;

  /**
   * A parameter.
   *
   * @param decays whether weight decay applies; false for biases and the scales of norms
   */
  public Parameter(
      Supplier<String> name, Spec spec, LongFunction<HostTensor> initial, boolean decays) {
    super(name, spec, initial);
    this.decays = decays;
  }

  /** Whether weight decay applies to this parameter. */
  public boolean decays() {
    return decays;
  }
}
