package dev.tarn.cpu;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.TrainingConformance;

/** Whole trainings on the CPU backend. */
final class CpuTrainingTests extends TrainingConformance {
  @Override
  protected Backend open() {
    return new CpuBackend();
  }
}
