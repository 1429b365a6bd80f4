package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Convolutional nets on the reference backend in double. */
final class ReferenceDoubleImageNetTests extends ImageNetConformance {
  @Override
  protected Backend open() {
    return ReferenceBackend.inDouble();
  }

  @Override
  protected boolean inDouble() {
    return true;
  }
}
