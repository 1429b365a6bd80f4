package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Whether generated text is CUDA C++ to nvcc too, where that is installed. */
final class Nvcc {
  private static final List<String> ARCHITECTURES = List.of("sm_75", "sm_90");

  private Nvcc() {}

  /**
   * Compiles a source for an old and a new GPU.
   *
   * @param directory an empty one
   * @param replacements texts that take the place of headers
   */
  static void compile(
      Path directory, String source, Map<String, String> replacements, String... definitions)
      throws IOException, InterruptedException {
    assumeTrue(runs(), "skipped: nvcc is not installed");
    Path file = Files.writeString(directory.resolve("generated.cu"), source);
    for (Map.Entry<String, String> header :
        KernelSources.headers(source, replacements).entrySet()) {
      Files.writeString(directory.resolve(header.getKey()), header.getValue());
    }
    for (String architecture : ARCHITECTURES) {
      List<String> command =
          new ArrayList<>(
              List.of(
                  "nvcc",
                  "-arch=" + architecture,
                  "-cubin",
                  "-std=c++17",
                  "-Werror=all-warnings",
                  "-o",
                  directory.resolve("generated.cubin").toString(),
                  file.toString()));
      command.addAll(List.of(definitions));
      Path log = directory.resolve("nvcc.log");
      Process nvcc =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      if (!nvcc.waitFor(3, TimeUnit.MINUTES)) {
        nvcc.destroyForcibly();
      }
      assertEquals(0, nvcc.waitFor(), () -> architecture + ": " + read(log));
    }
  }

  private static boolean runs() throws InterruptedException {
    try {
      return new ProcessBuilder("nvcc", "--version")
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
