package example;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.Tensor;
import dev.tarn.nn.Initializers;
import dev.tarn.nn.Module;

/**
 * A layer of our own, the gated linear unit: {@code y = (x V^T + c) * sigmoid(x W^T + b)}, from
 * {@code [N, in]} to {@code [N, units]} (Dauphin et al. 2017, arXiv:1612.08083).
 *
 * <p>It needs no gradient: that comes from the operations it is made of, on every device.
 */
public final class GatedDense extends Module {
  private final int units;

  public GatedDense(int units) {
    this.units = units;
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return linear(x, "value").mul(linear(x, "gate").sigmoid());
  }

  private Tensor linear(Tensor x, String name) {
    Shape shape = Shape.of(units, x.shape().dim(1));
    Parameter weight =
        parameter(name + "_weight", shape, Initializers.fanInUniform(), true);
    Parameter bias = parameter(name + "_bias", Shape.of(units), Initializers.zeros(), false);
    return x.matmul(x.trace().state(weight), false, true).add(x.trace().state(bias));
  }
}
