package dev.tarn.cpu;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.CustomConformance;

/** Operations of users on the CPU backend. */
final class CpuCustomTests extends CustomConformance {
  @Override
  protected Backend open() {
    return new CpuBackend();
  }
}
