package dev.tarn.cpu;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.PyTorchConformance;

/** The CPU backend against the numbers of PyTorch. */
final class CpuPyTorchTests extends PyTorchConformance {
  @Override
  protected Backend open() {
    return new CpuBackend();
  }
}
