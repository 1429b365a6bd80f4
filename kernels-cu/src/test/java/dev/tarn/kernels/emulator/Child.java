package dev.tarn.kernels.emulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process that runs one of {@link Scenarios} with an environment of its own. */
final class Child {

  private static final int TIMEOUT_S = 120;

  private final Process process;
  private final Path log;

  record Result(int exit, String output) {}

  private Child(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  static Result run(String scenario, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    return start(scenario, environment, arguments).await();
  }

  static Child start(String scenario, Map<String, String> environment, String... arguments)
      throws IOException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                Scenarios.class.getName(),
                scenario));
    command.addAll(List.of(arguments));
    return start(command, environment);
  }

  static Child start(List<String> command, Map<String, String> environment) throws IOException {
    Path log = Files.createTempFile(Path.of("target"), "tarn-child", ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("TARN_EMULATOR_"));
    builder.environment().putAll(environment);
    return new Child(builder.start(), log);
  }

  /** Waits for the end of the process; its standard output and error come back as one text. */
  Result await() throws IOException, InterruptedException {
    if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("no end after " + TIMEOUT_S + " s: " + Files.readString(log));
    }
    String output = Files.readString(log);
    Files.delete(log);
    return new Result(process.exitValue(), output);
  }
}
