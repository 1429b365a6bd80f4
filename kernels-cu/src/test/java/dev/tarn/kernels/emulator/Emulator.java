package dev.tarn.kernels.emulator;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Builds the CUDA emulator on demand and says where its libraries are. */
public final class Emulator {

  /**
   * The libraries in the order in which {@link System#load} must see them, before JCuda's natives.
   */
  public static final List<String> LIBRARIES =
      List.of("libcuda.so.1", "libcublas.so.12", "libnvrtc.so.12");

  private static final int BUILD_TIMEOUT_S = 300;

  private Emulator() {}

  private record Build(Optional<Path> libraries, String whyMissing) {}

  /** The build happens once per process, at the first question. */
  private static final class Holder {
    static final Build BUILD = build();
  }

  /**
   * Returns the directory that holds {@link #LIBRARIES}, building them if they are missing or older
   * than their sources.
   *
   * @return empty where the emulator cannot be built; {@link #whyMissing} says why
   */
  public static Optional<Path> libraries() {
    return Holder.BUILD.libraries;
  }

  /** Returns one line that says why {@link #libraries} is empty, or "" if it is not. */
  public static String whyMissing() {
    return Holder.BUILD.whyMissing;
  }

  /** Returns the directory of the libraries, or skips the running test with the reason. */
  public static Path require() {
    assumeTrue(libraries().isPresent(), whyMissing());
    return libraries().orElseThrow();
  }

  /** Loads the libraries into this process, or skips the running test with the reason. */
  public static void load() {
    Path directory = require();
    for (String library : LIBRARIES) {
      System.load(directory.resolve(library).toString());
    }
  }

  private static Build build() {
    Optional<Path> module = findModule();
    if (module.isEmpty()) {
      return missing("no kernels-cu/emulator above " + Path.of("").toAbsolutePath());
    }
    Path script = module.get().resolve("emulator/build.sh");
    Path output = module.get().resolve("target/emulator");
    try {
      Path log = Files.createTempFile("tarn-emulator-build", ".log");
      try {
        Process process =
            new ProcessBuilder("sh", script.toString(), output.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!process.waitFor(BUILD_TIMEOUT_S, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new IllegalStateException(script + " did not end in " + BUILD_TIMEOUT_S + " s");
        }
        String text = Files.readString(log, StandardCharsets.UTF_8).strip();
        return switch (process.exitValue()) {
          case 0 -> new Build(Optional.of(output), "");
          case 3 -> missing(text);
          default -> throw new IllegalStateException(script + " failed:\n" + text);
        };
      } finally {
        Files.delete(log);
      }
    } catch (IOException e) {
      return missing("the CUDA emulator needs a POSIX shell: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while building the CUDA emulator", e);
    }
  }

  private static Build missing(String why) {
    return new Build(Optional.empty(), why);
  }

  /** The module's directory, from its own tests as well as from those of its siblings. */
  private static Optional<Path> findModule() {
    for (Path dir = Path.of("").toAbsolutePath(); dir != null; dir = dir.getParent()) {
      for (Path candidate : List.of(dir, dir.resolve("kernels-cu"))) {
        if (Files.exists(candidate.resolve("emulator/build.sh"))) {
          return Optional.of(candidate);
        }
      }
    }
    return Optional.empty();
  }
}
