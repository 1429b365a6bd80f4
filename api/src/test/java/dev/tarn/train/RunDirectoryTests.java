package dev.tarn.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.TarnException;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Activation;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Adam;
import dev.tarn.reference.ReferenceBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RunDirectoryTests {
  private static final int EPOCHS = 4;
  private static final int STEPS_AN_EPOCH = 3;

  @TempDir private Path runs;
  private final Dataset.Split data = Datasets.iris().split(0.8, 0.1, 0.1, 3);

  private static Trainer trainer(TrainingListener... listeners) {
    Trainer.Builder builder =
        Trainer.of(
                Sequential.of(Dense.units(8), Activation.tanh(), Dropout.rate(0.3), Dense.units(3)),
                new ReferenceBackend())
            .loss(Losses.crossEntropy())
            .optimizer(Adam.lr(0.01))
            .metrics(Metrics.accuracy())
            .seed(11);
    for (TrainingListener listener : listeners) {
      builder.listener(listener);
    }
    return builder.build();
  }

  private void fit(Trainer trainer, int epochs) {
    trainer.fit(data.train().batch(40), data.validation(), epochs);
  }

  private static TrainingListener stopAt(long step) {
    return new TrainingListener() {
      @Override
      public void onStep(Trainer trainer, Progress progress) {
        if (progress.step() == step) {
          trainer.stop();
        }
      }
    };
  }

  /** Trains without a stop and gives the directory. */
  private Path whole() {
    try (RunDirectory directory = RunDirectory.create(runs, "whole");
        Trainer trainer = trainer(directory.listener(2))) {
      trainer.prepare(data.train().batch(40));
      directory.begin(trainer, "a: 1\n");
      fit(trainer, EPOCHS);
      return directory.path();
    }
  }

  private static List<String> withoutSeconds(Path run, String file) throws IOException {
    return Files.readAllLines(run.resolve(file)).stream()
        .map(line -> line.substring(0, line.lastIndexOf(',')))
        .toList();
  }

  private static void assertSame(Path expected, Path actual) throws IOException {
    for (String name : List.of("last.safetensors", "best.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(expected.resolve(name)),
          Files.readAllBytes(actual.resolve(name)),
          name);
    }
    for (String name : List.of("metrics.csv", "metrics.jsonl")) {
      assertEquals(withoutSeconds(expected, name), withoutSeconds(actual, name));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void stoppedAtAnyStepAndResumedEqualsNeverStopped(boolean saved) throws IOException {
    Path whole = whole();
    for (int step = 1; step < EPOCHS * STEPS_AN_EPOCH; step++) {
      Path run;
      try (RunDirectory directory = RunDirectory.create(runs, "stopped");
          Trainer trainer = trainer(directory.listener(2), stopAt(step))) {
        trainer.prepare(data.train().batch(40));
        directory.begin(trainer, "a: 1\n");
        fit(trainer, EPOCHS);
        if (saved) {
          directory.save(trainer);
        }
        run = directory.path();
      }
      Files.writeString(run.resolve("last.safetensors.tmp"), "half written");
      // Rows of epochs after the checkpoint, as a process killed before its checkpoint leaves them,
      // the last cut off anywhere.
      for (String name : List.of("metrics.csv", "metrics.jsonl")) {
        String rows = Files.readString(whole.resolve(name));
        int last = rows.lastIndexOf('\n', rows.length() - 2) + 1;
        int cut = last + (rows.length() - last) * step / (EPOCHS * STEPS_AN_EPOCH);
        Files.writeString(run.resolve(name), rows.substring(0, cut));
      }
      try (RunDirectory directory = RunDirectory.open(run);
          Trainer trainer = trainer(directory.listener(2))) {
        assertFalse(Files.exists(run.resolve("last.safetensors.tmp")));
        directory.resume(trainer);
        directory.setConfig("a: 1\n");
        assertTrue(trainer.steps() <= step);
        fit(trainer, EPOCHS);
      }
      assertSame(whole, run);
    }
  }

  @Test
  void theHistoryOfAResumedTrainingHasEveryEpoch() {
    List<EpochResult> whole;
    try (Trainer trainer = trainer()) {
      fit(trainer, EPOCHS);
      whole = trainer.history();
    }
    Path run;
    try (RunDirectory directory = RunDirectory.create(runs, "resumed");
        Trainer trainer = trainer(directory.listener(0), stopAt(2 * STEPS_AN_EPOCH + 1))) {
      trainer.prepare(data.train().batch(40));
      directory.begin(trainer, "a: 1\n");
      fit(trainer, EPOCHS);
      run = directory.path();
    }
    try (RunDirectory directory = RunDirectory.open(run);
        Trainer trainer = trainer(directory.listener(0))) {
      directory.resume(trainer);
      List<EpochResult> results = trainer.fit(data.train().batch(40), data.validation(), EPOCHS);
      assertEquals(EPOCHS - 2, results.size());
      assertEquals(withoutSeconds(whole), withoutSeconds(trainer.history()));
      fit(trainer, EPOCHS);
      assertEquals(withoutSeconds(whole), withoutSeconds(trainer.history()));
    }
  }

  private static List<EpochResult> withoutSeconds(List<EpochResult> results) {
    return results.stream()
        .map(
            r ->
                new EpochResult(
                    r.epoch(), r.step(), r.train(), r.validation(), 0, r.learningRate()))
        .toList();
  }

  @Test
  void checkpointAfterAnEpochsLastStepStillGivesItsResult() throws IOException {
    Path file = runs.resolve("at-end.safetensors");
    TrainingListener saver =
        new TrainingListener() {
          @Override
          public void onStep(Trainer trainer, Progress progress) {
            if (progress.step() == 2 * STEPS_AN_EPOCH) {
              trainer.save(file);
            }
          }
        };
    List<EpochResult> never;
    try (Trainer trainer = trainer(saver)) {
      never = trainer.fit(data.train().batch(40), data.validation(), EPOCHS);
    }
    try (Trainer trainer = trainer()) {
      trainer.resume(file);
      List<EpochResult> resumed = trainer.fit(data.train().batch(40), data.validation(), EPOCHS);
      assertEquals(
          never.stream().skip(1).map(EpochResult::train).toList(),
          resumed.stream().map(EpochResult::train).toList());
      assertEquals(2, resumed.get(0).epoch());
    }
  }

  @Test
  void numbersGoOnFromTheHighest() throws IOException {
    Files.createDirectories(runs.resolve("net-7"));
    Files.createDirectories(runs.resolve("net-x-9"));
    Files.createDirectories(runs.resolve("net-07x"));
    Files.writeString(runs.resolve("net-3"), "a file");
    try (RunDirectory first = RunDirectory.create(runs, "net");
        RunDirectory second = RunDirectory.create(runs, "net")) {
      assertEquals(runs.resolve("net-8"), first.path());
      assertEquals(runs.resolve("net-9"), second.path());
    }
  }

  @Test
  void metricsHaveFullPrecisionAndSecondsLast() throws IOException {
    Path run = whole();
    List<String> lines = Files.readAllLines(run.resolve("metrics.csv"));
    assertEquals(
        "epoch,step,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate,"
            + "seconds",
        lines.get(0));
    assertEquals(1 + EPOCHS, lines.size());
    try (Trainer trainer = trainer()) {
      List<EpochResult> results = trainer.fit(data.train().batch(40), data.validation(), EPOCHS);
      for (int i = 0; i < EPOCHS; i++) {
        String[] cells = lines.get(i + 1).split(",");
        assertEquals(i + 1, Integer.parseInt(cells[0]));
        assertEquals((i + 1) * STEPS_AN_EPOCH, Integer.parseInt(cells[1]));
        assertEquals(results.get(i).train().loss(), Double.parseDouble(cells[2]));
        assertEquals(results.get(i).best().get("accuracy"), Double.parseDouble(cells[5]));
      }
    }
    assertEquals("a: 1\n", Files.readString(run.resolve("config.yaml")));
    assertEquals(
        "a: 1\n",
        Safetensors.read(run.resolve("best.safetensors")).metadata().get(RunDirectory.CONFIG));
  }

  @Test
  void oneAtATimeAndOnlyWithACheckpoint() throws IOException {
    Path run = whole();
    try (RunDirectory directory = RunDirectory.open(run)) {
      TarnException refused = assertThrows(TarnException.class, () -> RunDirectory.open(run));
      assertEquals(
          directory.path()
              + ": another process is training in it; wait for it to end, or stop it first",
          refused.getMessage());
    }
    RunDirectory.open(run).close();
    Path empty = Files.createDirectory(runs.resolve("empty"));
    assertEquals(
        empty + ": holds no checkpoint (last.safetensors); start the training anew",
        assertThrows(TarnException.class, () -> RunDirectory.open(empty)).getMessage());
  }

  @Test
  void rowsBeforeAreNotWrittenAgain() throws IOException {
    // A row is appended: what was there before, keeps bytes that no training writes.
    TrainingListener marks =
        new TrainingListener() {
          @Override
          public void onEpoch(Trainer trainer, EpochResult result) {
            if (result.epoch() != 1) {
              return;
            }
            for (String name : List.of("metrics.csv", "metrics.jsonl")) {
              Path file = runs.resolve("marked-1").resolve(name);
              try {
                Files.writeString(file, Files.readString(file).toUpperCase(Locale.ROOT));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            }
          }
        };
    try (RunDirectory directory = RunDirectory.create(runs, "marked");
        Trainer trainer = trainer(directory.listener(0), marks)) {
      trainer.prepare(data.train().batch(40));
      directory.begin(trainer, "a: 1\n");
      fit(trainer, EPOCHS);
    }
    Path whole = whole();
    for (String name : List.of("metrics.csv", "metrics.jsonl")) {
      List<String> expected = new ArrayList<>(withoutSeconds(whole, name));
      int marked = name.endsWith("csv") ? 2 : 1;
      expected.subList(0, marked).replaceAll(row -> row.toUpperCase(Locale.ROOT));
      assertEquals(expected, withoutSeconds(runs.resolve("marked-1"), name));
    }
  }

  @Test
  void damagedMetricsAreNamed() throws IOException {
    Path run = whole();
    Path lines = run.resolve("metrics.jsonl");
    Files.writeString(lines, Files.readAllLines(lines).get(0) + "\n{\"epoch\": 2,\n");
    try (RunDirectory directory = RunDirectory.open(run);
        Trainer trainer = trainer()) {
      assertEquals(
          lines + ":2: damaged; remove the line to resume without it",
          assertThrows(TarnException.class, () -> directory.resume(trainer)).getMessage());
    }
  }
}
