package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Models of several inputs and outputs on the reference backend. */
final class ReferenceGraphTests extends GraphConformance {
  @Override
  protected Backend open() {
    return new ReferenceBackend();
  }
}
