package dev.tarn.cpu;

import dev.tarn.testkit.PredictorConformance;

/** The predictor on the CPU backend. */
final class CpuPredictorTests extends PredictorConformance {
  @Override
  protected String device() {
    return "cpu";
  }
}
