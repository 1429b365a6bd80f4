package example;

import dev.tarn.Mode;
import dev.tarn.Tensor;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;

/** Tells from two readings of a sensor, which may each be off, whether they contradict. */
public final class Alarm extends Module {
  private final Dense hidden = child("hidden", Dense.units(8));
  private final Dense out = child("out", Dense.units(2));

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return out.forward(hidden.forward(x, mode).tanh(), mode);
  }
}
