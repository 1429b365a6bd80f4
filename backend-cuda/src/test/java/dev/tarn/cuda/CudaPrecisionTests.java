package dev.tarn.cuda;

import dev.tarn.Precision;
import dev.tarn.backend.Backend;
import dev.tarn.testkit.PrecisionConformance;
import java.util.Set;

/** Precisions on the CUDA backend. */
class CudaPrecisionTests extends PrecisionConformance {
  @Override
  protected Backend open() {
    return CudaDevice.open();
  }

  @Override
  protected Set<Precision> rounds() {
    return Set.of(Precision.BF16);
  }
}
