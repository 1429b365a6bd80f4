package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Pooling and normalization on the reference backend. */
final class ReferenceNormalizationTests extends NormalizationConformance {
  @Override
  protected Backend open() {
    return new ReferenceBackend();
  }
}
