package dev.tarn.cpu;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.NormalizationConformance;

/** Pooling and normalization on the CPU backend. */
final class CpuNormalizationTests extends NormalizationConformance {
  @Override
  protected Backend open() {
    return new CpuBackend();
  }
}
