package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.NormalizationConformance;

/** Pooling and normalization on the CUDA backend. */
class CudaNormalizationTests extends NormalizationConformance {
  @Override
  protected Backend open() {
    return CudaDevice.open();
  }
}
