package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** CUDA on the CPU, for child processes. */
final class EmulatedGpu {
  private EmulatedGpu() {}

  /** The folder of its libraries, built if it is out of date; without g++ the test is skipped. */
  static Path libraries() throws IOException, InterruptedException {
    Path script = Path.of("..", "kernels-cu", "emulator", "build.sh");
    assumeTrue(Files.exists(script), "skipped: the CUDA emulator is not in this checkout");
    Path target = Path.of("..", "kernels-cu", "target", "emulator").toAbsolutePath().normalize();
    Process build =
        new ProcessBuilder("sh", script.toString(), target.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(build.getInputStream().readAllBytes()).strip();
    int code = build.waitFor();
    assumeTrue(code != 3, "skipped: " + said);
    assertEquals(0, code, said);
    return target;
  }
}
