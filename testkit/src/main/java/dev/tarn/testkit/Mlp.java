package dev.tarn.testkit;

import dev.tarn.Mode;
import dev.tarn.Tensor;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.Module;

/** A perceptron with two hidden layers, with dropout after the first if asked. */
public final class Mlp extends Module {
  private final Dense fc1;
  private final Dropout drop;
  private final Dense fc2;
  private final Dense out;

  /** A network with so many units in its layers. */
  public Mlp(int hidden1, int hidden2, int outputs, double dropout) {
    fc1 = child("fc1", Dense.units(hidden1));
    drop = child("drop", Dropout.rate(dropout));
    fc2 = child("fc2", Dense.units(hidden2));
    out = child("out", Dense.units(outputs));
  }

  @Override
  public Tensor forward(Tensor x, Mode mode) {
    Tensor h1 = drop.forward(fc1.forward(x, mode).relu(), mode);
    return out.forward(fc2.forward(h1, mode).relu(), mode);
  }
}
