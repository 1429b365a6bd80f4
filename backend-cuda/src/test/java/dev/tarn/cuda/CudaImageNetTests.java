package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.ImageNetConformance;

/** Convolutional nets on the CUDA backend. */
final class CudaImageNetTests extends ImageNetConformance {
  @Override
  protected Backend open() {
    return CudaDevice.open();
  }
}
