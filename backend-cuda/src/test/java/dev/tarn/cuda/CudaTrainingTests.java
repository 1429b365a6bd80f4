package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.ChildJvm;
import dev.tarn.testkit.TrainingConformance;

/** Whole trainings on the CUDA backend. */
class CudaTrainingTests extends TrainingConformance {
  @Override
  protected Backend open() {
    return CudaDevice.open();
  }

  @Override
  protected ChildJvm child() {
    return CudaDevice.child(super.child());
  }
}
