package dev.tarn.cuda;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.tarn.backend.Backend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The device of the tests, decided in one place: the emulator, or with {@code -Dtarn.cuda=real} the
 * machine's GPU.
 *
 * <p>Without g++ there is no emulator and tests are skipped with one line that says so. A missing
 * GPU is a failure.
 */
final class CudaDevice {
  private static final int CANNOT_BUILD_HERE = 3;

  private CudaDevice() {}

  /** Whether the tests run on the machine's GPU. */
  static boolean isReal() {
    return "real".equals(System.getProperty("tarn.cuda"));
  }

  /** Makes the emulator's libraries those that CUDA is loaded from, unless the device is real. */
  static void select() {
    if (!isReal()) {
      System.setProperty("tarn.cuda.libraries", emulator().toString());
    }
  }

  /** Opens the backend on the device. */
  static Backend open() {
    select();
    return new CudaBackendProvider().open();
  }

  private static Path emulator() {
    Path libraries = Path.of("target", "emulator").toAbsolutePath();
    Path script = Path.of("..", "kernels-cu", "emulator", "build.sh");
    try {
      Process build =
          new ProcessBuilder("sh", script.toString(), libraries.toString()).inheritIO().start();
      if (!build.waitFor(10, TimeUnit.MINUTES)) {
        build.destroyForcibly();
        throw new IllegalStateException("building the CUDA emulator takes over 10 minutes");
      }
      if (build.exitValue() == CANNOT_BUILD_HERE) {
        abort("skipped: the CUDA emulator needs g++ on x86-64 Linux");
      }
      if (build.exitValue() != 0) {
        throw new IllegalStateException("the CUDA emulator does not build: see the log");
      }
      return libraries;
    } catch (IOException e) {
      throw new IllegalStateException("cannot build the CUDA emulator", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
