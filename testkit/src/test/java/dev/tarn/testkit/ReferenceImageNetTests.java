package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Convolutional nets on the reference backend. */
final class ReferenceImageNetTests extends ImageNetConformance {
  @Override
  protected Backend open() {
    return new ReferenceBackend();
  }
}
