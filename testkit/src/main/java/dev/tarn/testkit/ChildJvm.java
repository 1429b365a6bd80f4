package dev.tarn.testkit;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a main class in a JVM of its own, with this JVM's class path. */
public final class ChildJvm {
  /** How it ended and what it printed, standard output and error together. */
  public record Result(int exitCode, String output) {}

  /** A child that runs. */
  public record Running(Process process, Path log, long timeoutSeconds) {
    /** Waits for its end; one that does not come is killed and fails the test. */
    public Result finish() throws IOException, InterruptedException {
      boolean ended = process.waitFor(timeoutSeconds, TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly().waitFor();
      }
      String output = Files.readString(log);
      Files.delete(log);
      if (!ended) {
        throw new AssertionError("still running after " + timeoutSeconds + " s: " + output);
      }
      return new Result(process.exitValue(), output);
    }
  }

  private final Class<?> main;
  private final List<String> options = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private String classPathPrefix = "";
  private long timeoutSeconds = 60;
  private boolean sameDevice;

  /** A child that will run a class's main method. */
  public ChildJvm(Class<?> main) {
    this.main = main;
  }

  /** Sets a system property. */
  public ChildJvm property(String name, Object value) {
    return option("-D" + name + "=" + value);
  }

  /** Adds an option of the JVM. */
  public ChildJvm option(String option) {
    options.add(option);
    return this;
  }

  /** Sets an environment variable. */
  public ChildJvm environment(String name, Object value) {
    environment.put(name, value.toString());
    return this;
  }

  /** Puts a directory before everything else on the class path. */
  public ChildJvm classPathFirst(Path directory) {
    classPathPrefix = directory + File.pathSeparator;
    return this;
  }

  /** Hands on the settings of this machine that lead to a GPU, which otherwise are not. */
  public ChildJvm sameDevice() {
    sameDevice = true;
    return this;
  }

  /** Sets how long {@link Running#finish} waits; a minute if it is not set. */
  public ChildJvm timeoutSeconds(long seconds) {
    timeoutSeconds = seconds;
    return this;
  }

  /** Runs to the end. */
  public Result run(Object... arguments) throws IOException, InterruptedException {
    return start(arguments).finish();
  }

  /** Starts. */
  public Running start(Object... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    command.addAll(options);
    command.addAll(List.of("-cp", classPathPrefix + System.getProperty("java.class.path")));
    command.add(main.getName());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Path log = Files.createTempFile(Path.of("target"), "child", ".log");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    if (!sameDevice) {
      List.of("LD_LIBRARY_PATH", "CUDA_PATH", "CONDA_PREFIX", "VIRTUAL_ENV", "TARN_CUDA_LIBRARIES")
          .forEach(builder.environment()::remove);
    }
    builder.environment().putAll(environment);
    return new Running(builder.redirectOutput(log.toFile()).start(), log, timeoutSeconds);
  }
}
