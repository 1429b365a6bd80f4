package dev.tarn.cli;

import dev.tarn.Mode;
import dev.tarn.Tensor;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;

/** Models as users write them. */
public final class Nets {
  private Nets() {}

  /** A multilayer perceptron of its own. */
  public static final class Net extends Module {
    private final Dense hidden;
    private final Dense out;
    private final double scale;

    public Net(int width, double scale, int classes) {
      this.scale = scale;
      hidden = child("hidden", Dense.units(width));
      out = child("out", Dense.units(classes));
    }

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return out.forward(hidden.forward(x.mul(scale), mode).tanh(), mode);
    }
  }

  /** Its gradient is twice what it should be. */
  public static final class WrongGradient extends Module {
    private final Dense out = child("out", Dense.units(3));

    public WrongGradient() {}

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      Tensor y = out.forward(x, mode);
      // y - stop(y) is 0 with the gradient of y
      return y.add(y.sub(y.stopGradient()));
    }
  }
}
