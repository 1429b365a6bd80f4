package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.ConvolutionConformance;

/** Convolutions on the CUDA backend. */
final class CudaConvolutionTests extends ConvolutionConformance {
  @Override
  protected Backend open() {
    return CudaDevice.open();
  }
}
