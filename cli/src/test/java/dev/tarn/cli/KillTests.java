package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.cli.Tarn.Child;
import dev.tarn.cli.Tarn.Result;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A training that is killed again and again ends with the bytes of one that was never stopped.
 *
 * <p>A seeded schedule of 100 SIGKILLs: two thirds some time after a line of progress, one third
 * the moment a checkpoint is seen being written.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "SIGKILL")
final class KillTests {
  private static final int KILLS = 100;
  private static final int KILLS_IN_A_CHAIN = 10;
  private static final int KILLED = 128 + 9;
  private static final int EPOCHS = 30;

  @TempDir private Path directory;
  private final List<String> javaOptions = new ArrayList<>();
  private final Random random = new Random(20_261_123);
  private Path file = Path.of("");
  private int kills;
  private int whileWriting;

  @Test
  void cpu() throws Exception {
    killAndCompare("cpu");
  }

  @Test
  void cudaOnTheEmulator() throws Exception {
    javaOptions.add("-Dtarn.cuda.libraries=" + EmulatedGpu.libraries());
    killAndCompare("cuda");
  }

  private void killAndCompare(String device) throws Exception {
    file = Tarn.runFile(directory, EPOCHS, device);
    Path whole = directory.resolve("whole");
    Result never = train(whole);
    assertEquals(0, never.code(), never.err());
    int chains = 0;
    while (kills < KILLS) {
      Path runs = directory.resolve("chain" + ++chains);
      chain(runs);
      assertSame(whole.resolve("small-1"), runs.resolve("small-1"));
    }
    System.out.printf(
        "%s: %d kills in %d chains, %d of them while a file was being written%n",
        device, kills, chains, whileWriting);
    assertEquals(KILLS, kills);
    assertTrue(whileWriting >= 10, "only " + whileWriting + " kills hit a file being written");
  }

  private Result train(Path runs) throws Exception {
    return begin(runs).await();
  }

  private Child begin(Path runs) throws IOException {
    return new Child(
        Tarn.command(javaOptions, "train", file.toString(), "--runs", runs.toString()));
  }

  private Child resume(Path run) throws IOException {
    return new Child(Tarn.command(javaOptions, "train", "--resume", run.toString()));
  }

  /** Begins a training, kills and resumes it several times, and lets it finish. */
  private void chain(Path runs) throws Exception {
    Path run = runs.resolve("small-1");
    Child child = begin(runs);
    for (int i = 0; i < KILLS_IN_A_CHAIN && kills < KILLS; i++) {
      if (!kill(child, run)) {
        return; // It finished first: nothing to go on with.
      }
      child = resume(run);
    }
    Result result = child.await();
    assertEquals(0, result.code(), result.err());
  }

  /** Kills a child at a moment of the schedule; false if it ended before, with success. */
  private boolean kill(Child child, Path run) throws Exception {
    int lines = random.nextInt(3);
    boolean inWriting = random.nextInt(3) == 0;
    long delayMicros = random.nextInt(40_000);
    // From this line on there is a checkpoint to resume from.
    child.awaitLine("run ");
    for (int i = 0; i < lines; i++) {
      child.awaitLine("epoch ");
    }
    if (inWriting) {
      Path temporary = run.resolve("last.safetensors.tmp");
      while (child.process().isAlive() && !Files.exists(temporary)) {
        Thread.onSpinWait();
      }
    } else {
      TimeUnit.MICROSECONDS.sleep(delayMicros);
    }
    child.process().destroyForcibly();
    Result result = child.await();
    if (result.code() != KILLED) {
      assertEquals(0, result.code(), result.err());
      return false;
    }
    kills++;
    try (DirectoryStream<Path> written = Files.newDirectoryStream(run, "*.tmp")) {
      whileWriting += written.iterator().hasNext() ? 1 : 0;
    }
    return true;
  }

  private static void assertSame(Path whole, Path killed) throws IOException {
    for (String name : List.of("last.safetensors", "best.safetensors", "config.yaml")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(name)),
          Files.readAllBytes(killed.resolve(name)),
          killed + ": " + name);
    }
    for (String name : List.of("metrics.csv", "metrics.jsonl")) {
      assertEquals(
          Tarn.withoutSeconds(whole.resolve(name)),
          Tarn.withoutSeconds(killed.resolve(name)),
          killed + ": " + name);
    }
    try (DirectoryStream<Path> left = Files.newDirectoryStream(killed, "*.tmp")) {
      assertTrue(!left.iterator().hasNext(), "temporary files are left in " + killed);
    }
  }
}
