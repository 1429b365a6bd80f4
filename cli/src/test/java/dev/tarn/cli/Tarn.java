package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Runs the command line, in this process or as a child. */
final class Tarn {
  private static final long PATIENCE_SECONDS = 120;

  private Tarn() {}

  /** How a command ended. */
  record Result(int code, String out, String err) {
    /** Standard error's lines. */
    List<String> errors() {
      return err.lines().toList();
    }

    /** Standard output, which is one JSON object. */
    JsonObject json() {
      return JsonParser.parseString(out).getAsJsonObject();
    }
  }

  /** Runs a command in this process. */
  static Result run(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
    int code =
        Main.run(
            new Output(new PrintStream(out, true, StandardCharsets.UTF_8), errors),
            new Interrupts(errors),
            args);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Runs a command in this process, which must succeed. */
  static Result ok(String... args) {
    Result result = run(args);
    assertEquals(0, result.code(), result.err() + result.out());
    return result;
  }

  /** The command line of a child process that starts quickly. */
  static List<String> command(List<String> javaOptions, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx512m"));
    command.addAll(javaOptions);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.tarn.cli.Main"));
    command.addAll(List.of(args));
    return command;
  }

  /** A run file of a small training that saves often. */
  static Path runFile(Path directory, int epochs, String device) throws IOException {
    Path file = directory.resolve("small.yaml");
    Files.writeString(
        file,
        """
        name: small
        data: {set: iris, split: [0.6, 0.2, 0.2]}
        model:
          - dense: 24
          - tanh
          - dropout: 0.1
          - dense: 3
        train:
          optimizer: {adam: {lr: 0.01}}
          epochs: %d
          batch: 8
          checkpoint_every: 2
        seed: 5
        device: %s
        """
            .formatted(epochs, device));
    return file;
  }

  /** Metrics without the last column, the seconds. */
  static List<String> withoutSeconds(Path metrics) throws IOException {
    return Files.readAllLines(metrics).stream()
        .map(line -> line.substring(0, line.lastIndexOf(',')))
        .toList();
  }

  /** A running child whose lines on standard output can be waited for. */
  static final class Child {
    private static final String END = "\0";

    private final Process process;
    private final Path errors;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<String> seen = new ArrayList<>();
    private final Thread reader;

    Child(List<String> command) throws IOException {
      this(command, Map.of());
    }

    Child(List<String> command, Map<String, String> environment) throws IOException {
      errors = Files.createTempFile(Path.of("target"), "tarn-test", ".err");
      ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
      builder.environment().putAll(environment);
      process = builder.start();
      reader = new Thread(this::read, "child output");
      reader.setDaemon(true);
      reader.start();
    }

    private void read() {
      try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8)) {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          lines.add(line);
        }
      } catch (IOException e) {
        lines.add("output: " + e);
      } finally {
        lines.add(END);
      }
    }

    Process process() {
      return process;
    }

    /** Waits for a line that starts with a text; false if the output ended without. */
    boolean awaitLine(String start) throws InterruptedException {
      while (true) {
        String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (line == null || line.equals(END)) {
          lines.add(END);
          return false;
        }
        seen.add(line);
        if (line.startsWith(start)) {
          return true;
        }
      }
    }

    /** Waits for a text on standard error; false if the process ended without. */
    boolean awaitError(String text) throws IOException, InterruptedException {
      while (!Files.readString(errors).contains(text)) {
        if (!process.isAlive()) {
          return Files.readString(errors).contains(text);
        }
        TimeUnit.MILLISECONDS.sleep(10);
      }
      return true;
    }

    /** Sends a signal, such as {@code INT}. */
    void signal(String name) throws IOException, InterruptedException {
      new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
    }

    /** Waits for the end. */
    Result await() throws InterruptedException {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new AssertionError("the child did not end in " + PATIENCE_SECONDS + " s: " + seen);
      }
      reader.join();
      for (String line : lines) {
        if (!line.equals(END)) {
          seen.add(line);
        }
      }
      try {
        String err = Files.readString(errors);
        Files.deleteIfExists(errors);
        return new Result(
            process.exitValue(), seen.isEmpty() ? "" : String.join("\n", seen) + "\n", err);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
