package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.BackendConformance;

/** Every case of the testkit on the CUDA backend. */
class CudaConformanceTests extends BackendConformance {
  @Override
  protected Backend open() {
    return CudaDevice.open();
  }
}
