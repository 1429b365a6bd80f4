package dev.tarn.train;

import dev.tarn.Tensor;

/** Metrics by name. */
public final class Metrics {
  private Metrics() {}

  /** The share of examples whose largest output is that of the target class. */
  public static Metric accuracy() {
    return new Metric() {
      @Override
      public String name() {
        return "accuracy";
      }

      @Override
      public Tensor perExample(Tensor output, Tensor target) {
        return output.argmax().equal(target);
      }
    };
  }
}
