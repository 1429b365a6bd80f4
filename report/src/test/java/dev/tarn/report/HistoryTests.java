package dev.tarn.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.TarnException;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Dataset;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.EpochResult;
import dev.tarn.train.Metrics;
import dev.tarn.train.RunDirectory;
import dev.tarn.train.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HistoryTests {
  @TempDir Path directory = Path.of("");

  @Test
  void aRunDirectoryIsReadAsTheTrainerToldIt() {
    String yaml =
        """
        data: {set: iris}
        model: [dense: 3]
        train: {optimizer: {adam: {lr: 0.05}}, epochs: 2, batch: 32}
        """;
    RunConfig config = RunConfig.parse(yaml, "iris.yaml", Path.of(""), List.of());
    Dataset.Split split = config.load().split();
    List<History.Epoch> told = new java.util.ArrayList<>();
    Path run;
    try (ReferenceBackend backend = new ReferenceBackend();
        RunDirectory runs = RunDirectory.create(directory, "iris");
        Trainer trainer =
            Trainer.of(config.modelFor(split.train()), backend)
                .loss(config.train().loss())
                .updates(config.train().updates(4))
                .metrics(Metrics.accuracy())
                .listener(runs.listener(0))
                .build()) {
      run = runs.path();
      trainer.prepare(split.train().batch(32));
      runs.begin(trainer, config.toYaml());
      for (EpochResult result : trainer.fit(split.train().batch(32), split.validation(), 2)) {
        told.add(History.Epoch.of(result));
      }
      List<String> labels = IntStream.range(0, 3).mapToObj(String::valueOf).toList();
      Classified classified = Classified.of(trainer, split.test(), labels, 5);
      assertEquals(
          trainer.evaluate(split.test()).get("accuracy"),
          (double) classified.confusion().correct() / classified.confusion().examples(),
          1e-6);
      assertTrue(classified.mistakes().isEmpty(), "flowers have no images");
    }
    History history = History.read(run);
    assertEquals(told, history.epochs());
    assertEquals(Set.of("loss", "accuracy"), history.names());
    assertTrue(history.validates());
  }

  @Test
  void theSurestMistakesComeFirst() {
    RunConfig config = Samples.config();
    Dataset data = config.load().split().train().subset(IntStream.range(0, 300).toArray());
    try (ReferenceBackend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(config.modelFor(data), backend)
                .loss(config.train().loss())
                .updates(config.train().updates(1))
                .build()) {
      trainer.prepare(data.batch(32));
      List<String> labels = IntStream.range(0, 10).mapToObj(String::valueOf).toList();
      Classified classified = Classified.of(trainer, data, labels, 7);
      List<Double> p = classified.mistakes().stream().map(Mistake::probability).toList();
      assertEquals(7, p.size());
      assertEquals(p.stream().sorted(java.util.Comparator.reverseOrder()).toList(), p);
      assertEquals(300, classified.confusion().examples());
      assertEquals(List.of(1, 8, 8), toList(classified.mistakes().get(0).image().shape().dims()));
    }
  }

  private static List<Integer> toList(int[] values) {
    return IntStream.of(values).boxed().toList();
  }

  @Test
  void aDamagedLineIsNamed() throws Exception {
    assertEquals(List.of(), History.read(directory).epochs());
    Path file = directory.resolve("metrics.jsonl");
    Files.writeString(file, "{\"epoch\":1,\"step\":2,\"train_loss\":NaN}\n{\"epoch\":");
    assertEquals(1, History.read(directory).epochs().size(), "a row that is being written");
    Files.writeString(file, "\n", StandardOpenOption.APPEND);
    TarnException e = assertThrows(TarnException.class, () -> History.read(directory));
    assertEquals(file + ":2: damaged; remove the line to go on without it", e.getMessage());
    Files.writeString(file, "{\"epoch\":1,\"step\":2,\"train_loss\":NaN,\"learning_rate\":0.1}\n");
    History.Epoch epoch = History.read(directory).epochs().get(0);
    assertTrue(Double.isNaN(epoch.train().get("loss")));
    assertEquals(0.1, epoch.learningRate());
  }
}
