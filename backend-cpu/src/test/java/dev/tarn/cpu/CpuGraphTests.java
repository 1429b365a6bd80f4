package dev.tarn.cpu;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.GraphConformance;

/** Models of several inputs and outputs on the CPU backend. */
final class CpuGraphTests extends GraphConformance {
  @Override
  protected Backend open() {
    return new CpuBackend();
  }
}
