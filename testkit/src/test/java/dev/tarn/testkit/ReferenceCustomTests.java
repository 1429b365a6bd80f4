package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Operations of users on the reference backend. */
final class ReferenceCustomTests extends CustomConformance {
  @Override
  protected Backend open() {
    return new ReferenceBackend();
  }
}
