package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Pooling and normalization on the reference backend in double. */
final class ReferenceDoubleNormalizationTests extends NormalizationConformance {
  @Override
  protected Backend open() {
    return ReferenceBackend.inDouble();
  }

  @Override
  protected boolean inDouble() {
    return true;
  }
}
