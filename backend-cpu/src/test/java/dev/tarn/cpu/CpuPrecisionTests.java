package dev.tarn.cpu;

import dev.tarn.Precision;
import dev.tarn.backend.Backend;
import dev.tarn.testkit.PrecisionConformance;
import java.util.Set;

/** Precisions on the CPU backend: bf16 where the processor multiplies it, and no tf32. */
final class CpuPrecisionTests extends PrecisionConformance {
  @Override
  protected Backend open() {
    return new CpuBackend();
  }

  @Override
  protected Set<Precision> rounds() {
    return Dnnl.multipliesBf16() ? Set.of(Precision.BF16) : Set.of();
  }
}
