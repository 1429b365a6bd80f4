package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.TrainingNumbers;
import java.util.Set;

/** Losses and optimizers on the CUDA backend against PyTorch. */
class CudaTrainingNumbersTests extends TrainingNumbers {
  /** The emulator compiles each fused kernel by itself: these have every kind of it. */
  private static final Set<String> EMULATED =
      Set.of(
          "cross_entropy_all",
          "binary_cross_entropy",
          "sgd_clip_both_weight_decay",
          "sgd_groups",
          "adam_amsgrad");

  @Override
  protected Backend open() {
    return CudaDevice.open();
  }

  @Override
  protected boolean runs(String name) {
    return CudaDevice.isReal() || EMULATED.contains(name);
  }
}
