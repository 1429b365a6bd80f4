package dev.tarn.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.kernels.emulator.Emulator;
import dev.tarn.testkit.ChildJvm;

/**
 * The device of the tests, decided in one place: the emulator, or with {@code -Dtarn.cuda=real} the
 * machine's GPU.
 *
 * <p>Without g++ there is no emulator and tests are skipped with one line that says so. A missing
 * GPU is a failure.
 */
final class CudaDevice {
  private CudaDevice() {}

  /** Whether the tests run on the machine's GPU. */
  static boolean isReal() {
    return "real".equals(System.getProperty("tarn.cuda"));
  }

  /**
   * Makes the emulator's libraries those that CUDA is loaded from, unless the device is real, and
   * nothing is measured there unless a test wants it.
   */
  static void select() {
    if (!isReal()) {
      System.setProperty("tarn.cuda.libraries", Emulator.require().toString());
      System.getProperties().putIfAbsent(Tuner.PROPERTY, "0");
    }
  }

  /** A JVM of its own that runs a main class on the same device. */
  static ChildJvm child(ChildJvm child) {
    select();
    return isReal()
        ? child.sameDevice().property("tarn.cuda", "real")
        : child
            .property("tarn.cuda.libraries", System.getProperty("tarn.cuda.libraries"))
            .property(Tuner.PROPERTY, "0");
  }

  /** Opens the backend on the device. */
  static Backend open() {
    select();
    return new CudaBackendProvider().open();
  }
}
