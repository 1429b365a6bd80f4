package dev.tarn.cpu;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.TrainingNumbers;

/** Losses and optimizers on the CPU backend against PyTorch. */
final class CpuTrainingNumbersTests extends TrainingNumbers {
  @Override
  protected Backend open() {
    return new CpuBackend();
  }
}
