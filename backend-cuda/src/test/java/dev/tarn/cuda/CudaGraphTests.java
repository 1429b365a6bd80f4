package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.GraphConformance;

/** Models of several inputs and outputs on the CUDA backend. */
final class CudaGraphTests extends GraphConformance {
  @Override
  protected Backend open() {
    return CudaDevice.open();
  }
}
