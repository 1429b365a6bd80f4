package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Convolutions on the reference backend. */
final class ReferenceConvolutionTests extends ConvolutionConformance {
  @Override
  protected Backend open() {
    return new ReferenceBackend();
  }
}
