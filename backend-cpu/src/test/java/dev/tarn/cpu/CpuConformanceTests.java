package dev.tarn.cpu;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.BackendConformance;

/** Every operation, pass and store on the CPU backend. */
final class CpuConformanceTests extends BackendConformance {
  @Override
  protected Backend open() {
    return new CpuBackend();
  }
}
