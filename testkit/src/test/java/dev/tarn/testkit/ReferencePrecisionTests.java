package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Precisions on the reference backend. */
final class ReferencePrecisionTests extends PrecisionConformance {
  @Override
  protected Backend open() {
    return new ReferenceBackend();
  }
}
