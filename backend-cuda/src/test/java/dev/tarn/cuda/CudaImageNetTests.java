package dev.tarn.cuda;

import dev.tarn.Precision;
import dev.tarn.backend.Backend;
import dev.tarn.testkit.ImageNetConformance;
import java.util.List;

/** Convolutional nets on the CUDA backend. */
final class CudaImageNetTests extends ImageNetConformance {
  @Override
  protected Backend open() {
    return CudaDevice.open();
  }

  /** With tensor cores; without, f32 takes the place of both. */
  @Override
  protected List<Precision> shortPrecisions() {
    return List.of(Precision.TF32, Precision.BF16);
  }
}
