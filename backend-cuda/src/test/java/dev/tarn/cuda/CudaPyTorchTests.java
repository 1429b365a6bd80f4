package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.PyTorchConformance;

/** The numbers that PyTorch gives, on the CUDA backend. */
class CudaPyTorchTests extends PyTorchConformance {
  @Override
  protected Backend open() {
    return CudaDevice.open();
  }
}
