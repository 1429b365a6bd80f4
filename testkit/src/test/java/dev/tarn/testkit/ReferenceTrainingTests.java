package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Trainings on the reference backend. */
final class ReferenceTrainingTests extends TrainingConformance {
  @Override
  protected Backend open() {
    return new ReferenceBackend();
  }
}
