package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Losses and optimizers on the reference backend against PyTorch. */
final class ReferenceTrainingNumbersTests extends TrainingNumbers {
  @Override
  protected Backend open() {
    return new ReferenceBackend();
  }
}
