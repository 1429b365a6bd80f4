package dev.tarn.cuda.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a main class in a JVM of its own, with this JVM's class path. */
final class ChildJvm {
  private static final long TIMEOUT_SECONDS = 60;

  /** How it ended and what it printed, standard output and error together. */
  record Result(int exitCode, String output) {}

  /** A child that runs. */
  record Running(Process process, Path log) {
    /** Waits for its end; one that does not come is killed and fails the test. */
    Result finish() throws IOException, InterruptedException {
      boolean ended = process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly().waitFor();
      }
      String output = Files.readString(log);
      Files.delete(log);
      if (!ended) {
        throw new AssertionError("still running after " + TIMEOUT_SECONDS + " s: " + output);
      }
      return new Result(process.exitValue(), output);
    }
  }

  private final Class<?> main;
  private final List<String> options = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private String classPathPrefix = "";

  ChildJvm(Class<?> main) {
    this.main = main;
  }

  ChildJvm property(String name, Object value) {
    options.add("-D" + name + "=" + value);
    return this;
  }

  ChildJvm environment(String name, Object value) {
    environment.put(name, value.toString());
    return this;
  }

  /** Puts a directory before everything else on the class path. */
  ChildJvm classPathFirst(Path directory) {
    classPathPrefix = directory + ":";
    return this;
  }

  Result run(Object... arguments) throws IOException, InterruptedException {
    return start(arguments).finish();
  }

  Running start(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
    command.addAll(options);
    command.addAll(List.of("-cp", classPathPrefix + System.getProperty("java.class.path")));
    command.add(main.getName());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Path log = Files.createTempFile("child", ".log");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    List.of("LD_LIBRARY_PATH", "CUDA_PATH", "CONDA_PREFIX", "VIRTUAL_ENV", "TARN_CUDA_LIBRARIES")
        .forEach(builder.environment()::remove);
    builder.environment().putAll(environment);
    return new Running(builder.redirectOutput(log.toFile()).start(), log);
  }
}
