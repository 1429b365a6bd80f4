package dev.tarn.cli;

import dev.tarn.CustomOp;
import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;
import java.util.List;

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

  /** A square whose gradient forgets the 2. */
  public record WrongSquare() implements CustomOp {
    @Override
    public String name() {
      return "wrong_square";
    }

    @Override
    public List<Spec> infer(List<Spec> inputs) {
      return inputs;
    }

    @Override
    public void run(List<HostTensor> inputs, List<HostTensor> outputs) {
      for (int i = 0; i < inputs.get(0).size(); i++) {
        outputs.get(0).set(i, inputs.get(0).get(i) * inputs.get(0).get(i));
      }
    }

    @Override
    public List<Tensor> gradient(
        List<Tensor> inputs, List<Tensor> outputs, List<Tensor> gradients) {
      return List.of(gradients.get(0).mul(inputs.get(0)));
    }
  }

  /** Two layers with the wrong square between them. */
  public static final class WrongOperation extends Module {
    private final Dense hidden = child("hidden", Dense.units(8));
    private final Dense out = child("out", Dense.units(3));

    public WrongOperation() {}

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return out.forward(hidden.forward(x, mode).custom(new WrongSquare()), mode);
    }
  }
}
