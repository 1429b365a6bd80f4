package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** The reference backend in double against PyTorch in double. */
final class ReferenceDoublePyTorchTests extends PyTorchConformance {
  @Override
  protected Backend open() {
    return ReferenceBackend.inDouble();
  }

  @Override
  protected boolean inDouble() {
    return true;
  }
}
