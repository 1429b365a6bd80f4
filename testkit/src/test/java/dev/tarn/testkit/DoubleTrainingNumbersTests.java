package dev.tarn.testkit;

import dev.tarn.backend.Backend;
import dev.tarn.reference.ReferenceBackend;

/** Losses and optimizers on the reference backend in double against PyTorch in double. */
final class DoubleTrainingNumbersTests extends TrainingNumbers {
  @Override
  protected Backend open() {
    return ReferenceBackend.inDouble();
  }

  @Override
  protected boolean inDouble() {
    return true;
  }
}
