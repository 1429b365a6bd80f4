package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** The reference backend against PyTorch. */
final class ReferencePyTorchTests extends PyTorchConformance {
  @Override
  protected Backend open() {
    return new ReferenceBackend();
  }
}
