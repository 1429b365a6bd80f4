package dev.tarn.cli;

import dev.tarn.TarnException;
import dev.tarn.config.RunConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A training whose speed is measured.
 *
 * @param name what it is called
 * @param config its run file
 */
record Workload(String name, RunConfig config) {
  /** The workloads that come with Tarn. */
  static final List<String> NAMES =
      List.of(
          "mlp-64",
          "mlp-64-adam",
          "mlp-512",
          "mlp-512-adam",
          "lenet-64",
          "lenet-256",
          "vgg-64",
          "resnet20-128");

  /**
   * Reads a workload.
   *
   * @param name one of {@link #NAMES}, or a run file
   * @param overrides values in place of the run file's own
   */
  static Workload read(String name, List<String> overrides) {
    if (NAMES.contains(name)) {
      return new Workload(
          name, RunConfig.parse(text(name), name + ".yaml", Path.of(""), overrides));
    }
    Path file = Path.of(name);
    if (!Files.exists(file)) {
      throw new TarnException(
          "no workload or run file '" + name + "'; there are " + String.join(", ", NAMES));
    }
    RunConfig config = RunConfig.read(file, overrides);
    return new Workload(config.name(), config);
  }

  private static String text(String name) {
    try (InputStream in = Workload.class.getResourceAsStream("workloads/" + name + ".yaml")) {
      if (in == null) {
        throw new TarnException("workload " + name + " is missing: Tarn's jar is not complete");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new TarnException("workload " + name + " cannot be read: " + e.getMessage(), e);
    }
  }
}
