package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** The reference in f32 does what every backend does. */
class ReferenceBackendTests extends BackendConformance {
  @Override
  protected Backend open() {
    return new ReferenceBackend();
  }
}
