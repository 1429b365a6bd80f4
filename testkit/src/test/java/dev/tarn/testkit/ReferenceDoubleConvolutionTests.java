package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Convolutions on the reference backend in double. */
final class ReferenceDoubleConvolutionTests extends ConvolutionConformance {
  @Override
  protected Backend open() {
    return ReferenceBackend.inDouble();
  }

  @Override
  protected boolean inDouble() {
    return true;
  }
}
