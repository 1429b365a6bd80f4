package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.PrecisionConformance;

/** Precisions on the CUDA backend. */
class CudaPrecisionTests extends PrecisionConformance {
  @Override
  protected Backend open() {
    return CudaDevice.open();
  }
}
