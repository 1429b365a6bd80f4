package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.cli.Tarn.Child;
import dev.tarn.cli.Tarn.Result;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What needs a process of its own: signals, locks, a full disk. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "signals and sh")
final class ProcessTests {
  private static final int LONG = 100_000;

  @TempDir private Path directory;

  private Path run() {
    return directory.resolve("runs/small-1");
  }

  private Child start(List<String> javaOptions, String... args) throws IOException {
    return new Child(Tarn.command(javaOptions, args));
  }

  private Child startLong() throws IOException {
    return start(
        List.of(),
        "train",
        Tarn.runFile(directory, LONG, "reference").toString(),
        "--runs",
        directory.resolve("runs").toString());
  }

  /** Whether this process was started with SIGINT ignored, which children inherit. */
  private static boolean ignoresInterrupts() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return false;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void signalFinishesTheStepSavesAndSaysHowToResume(String signal) throws Exception {
    assumeFalse(signal.equals("INT") && ignoresInterrupts(), "SIGINT is ignored here");
    Child child = startLong();
    assertTrue(child.awaitLine("epoch "));
    child.signal(signal);
    Result result = child.await();
    assertEquals(130, result.code(), result.err());
    assertTrue(result.err().contains("tarn: stopping after this step"), result.err());
    List<String> lines = result.out().lines().toList();
    assertEquals("  tarn train --resume " + run(), lines.get(lines.size() - 1));
    String at = lines.get(lines.size() - 2);
    int step =
        Integer.parseInt(
            at.replaceAll("interrupted after step ([0-9,]+);.*", "$1").replace(",", ""));

    int epochs = step / 12 + 2;
    Result resumed = Tarn.run("train", "--resume", run().toString(), "train.epochs=" + epochs);
    assertEquals(0, resumed.code(), resumed.err());
    Path file = Tarn.runFile(directory, epochs, "reference");
    Path whole = directory.resolve("whole");
    assertEquals(0, Tarn.run("train", file.toString(), "--runs", whole.toString()).code());
    assertArrayEquals(
        Files.readAllBytes(whole.resolve("small-1/last.safetensors")),
        Files.readAllBytes(run().resolve("last.safetensors")));
    assertEquals(
        Tarn.withoutSeconds(whole.resolve("small-1/metrics.csv")),
        Tarn.withoutSeconds(run().resolve("metrics.csv")));
  }

  @Test
  void signalBeforeTheTrainingEndsAtOnce() throws Exception {
    // The child waits for the data, so the signal finds it there.
    Path pipe = directory.resolve("data.csv");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    Child child =
        start(
            List.of(),
            "train",
            Tarn.runFile(directory, LONG, "reference").toString(),
            "data={csv: " + pipe + "}",
            "--runs",
            directory.resolve("runs").toString());
    try (OutputStream data = Files.newOutputStream(pipe)) {
      data.write("1,2,3,0\n".getBytes(StandardCharsets.UTF_8));
      child.signal("TERM");
      Result result = child.await();
      assertEquals(130, result.code(), result.err());
      assertEquals("", result.err());
    }
  }

  @Test
  void secondProcessIsRefused() throws Exception {
    Child child = startLong();
    assertTrue(child.awaitLine("epoch "));
    Result second = Tarn.run("train", "--resume", run().toString());
    assertEquals(1, second.code());
    assertEquals(
        "tarn: "
            + run()
            + ": another process is training in it; wait for it to end, or stop it first\n",
        second.err());
    child.process().destroyForcibly();
    assertEquals(137, child.await().code());
    // The lock goes with the process.
    long lines = Files.readAllLines(run().resolve("metrics.csv")).size();
    Result after = Tarn.run("train", "--resume", run().toString(), "train.epochs=" + (lines + 1));
    assertEquals(0, after.code(), after.err());
  }

  @Test
  void fullDiskLosesNothing() throws Exception {
    Path file = Tarn.runFile(directory, 2, "reference");
    Files.writeString(file, Files.readString(file).replace("dense: 24", "dense: 2000"));
    Path runs = directory.resolve("runs");
    assertEquals(0, Tarn.run("train", file.toString(), "--runs", runs.toString()).code());
    byte[] before = Files.readAllBytes(run().resolve("last.safetensors"));
    // No file may grow beyond 16 KB: writing a checkpoint fails half-way, as on a full disk.
    List<String> limited = new ArrayList<>(List.of("sh", "-c", "ulimit -f 16; exec \"$@\"", "sh"));
    limited.addAll(
        Tarn.command(List.of(), "train", "--resume", run().toString(), "train.epochs=4"));
    Result result = new Child(limited).await();
    assertEquals(1, result.code(), result.err());
    assertEquals(1, result.errors().size(), result.err());
    assertTrue(
        result.err().startsWith("tarn: " + run() + "/last.safetensors: cannot be written: "),
        result.err());
    assertTrue(result.err().endsWith("; what was there is unharmed\n"), result.err());
    assertArrayEquals(before, Files.readAllBytes(run().resolve("last.safetensors")));
    assertFalse(Files.exists(run().resolve("last.safetensors.tmp")));
    Result resumed = Tarn.run("train", "--resume", run().toString(), "train.epochs=4");
    assertEquals(0, resumed.code(), resumed.err());
  }

  @Test
  void tooLittleMemory() throws Exception {
    Child child =
        start(
            List.of("-Xmx60m"),
            "train",
            Tarn.runFile(directory, 2, "reference").toString(),
            "model.1={dense: 5000000}",
            "--runs",
            directory.resolve("runs").toString());
    Result result = child.await();
    assertEquals(1, result.code());
    assertEquals(1, result.errors().size(), result.err());
    assertTrue(result.err().contains("TARN_JAVA_OPTS=-Xmx"), result.err());
  }

  @Test
  void readOnlyDirectory() throws IOException {
    // Permissions do not bind the superuser, who runs many containers; /proc does.
    Path runs = directory.resolve("frozen");
    Files.createDirectory(runs);
    if (!runs.toFile().setWritable(false) || Files.isWritable(runs)) {
      runs = Path.of("/proc/tarn-runs");
    }
    Result result =
        Tarn.run(
            "train", Tarn.runFile(directory, 1, "reference").toString(), "--runs", runs.toString());
    assertEquals(1, result.code());
    assertEquals(1, result.errors().size(), result.err());
    assertTrue(
        result.err().startsWith("tarn: " + runs + ": a run directory cannot be made: "),
        result.err());
  }
}
