package dev.tarn.cuda;

import dev.tarn.testkit.PredictorConformance;

/** The predictor on the CUDA backend. */
final class CudaPredictorTests extends PredictorConformance {
  @Override
  protected String device() {
    CudaDevice.select();
    return "cuda";
  }
}
