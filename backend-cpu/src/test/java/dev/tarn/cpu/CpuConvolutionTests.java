package dev.tarn.cpu;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.ConvolutionConformance;

/** Convolutions on the CPU backend. */
final class CpuConvolutionTests extends ConvolutionConformance {
  @Override
  protected Backend open() {
    return new CpuBackend();
  }
}
