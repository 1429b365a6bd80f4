package dev.tarn.cpu;

import dev.tarn.backend.Backend;
import dev.tarn.testkit.ImageNetConformance;

/** Convolutional nets on the CPU backend. */
final class CpuImageNetTests extends ImageNetConformance {
  @Override
  protected Backend open() {
    return new CpuBackend();
  }
}
