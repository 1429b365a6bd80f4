package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Activation;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Initializers;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Schedules;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Average;
import dev.tarn.train.EarlyStopping;
import dev.tarn.train.EpochResult;
import dev.tarn.train.Metrics;
import dev.tarn.train.RunDirectory;
import dev.tarn.train.Stop;
import dev.tarn.train.StopRules;
import dev.tarn.train.Trainer;
import dev.tarn.train.TrainingListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What ends a training, in which words, with which weights, and that resuming changes nothing. */
final class StoppingTests {
  private static final Dataset.Split IRIS = Datasets.iris().split(0.3, 0.7, 0, 2);

  private final Backend backend = new ReferenceBackend();

  /** A net that learns iris by heart within a few epochs. */
  private Trainer.Builder net() {
    return Trainer.of(Sequential.of(Dense.units(16), Activation.tanh(), Dense.units(3)), backend)
        .loss(Losses.crossEntropy())
        .optimizer(Adam.lr(0.05))
        .metrics(Metrics.accuracy())
        .evaluationMetrics(Metrics.f1(Average.MACRO))
        .seed(4);
  }

  /** w on (w - 1)^2 from 0: a step of rate r makes the error smaller by the factor 1 - 2 r. */
  private Trainer.Builder parabola(Optimizer optimizer) {
    return Trainer.of(Dense.units(1).weights(Initializers.zeros()).withoutBias(), backend)
        .loss(Losses.mse())
        .optimizer(optimizer);
  }

  private static Dataset point(int examples) {
    float[] ones = new float[examples];
    java.util.Arrays.fill(ones, 1);
    HostTensor tensor = HostTensor.of(ones, examples, 1);
    return ArrayDataset.ofNumbers(tensor, tensor);
  }

  private static Stop stopOf(Trainer trainer) {
    Stop stop = trainer.stopped();
    assertNotNull(stop);
    return stop;
  }

  private static List<HostTensor> weights(Trainer trainer) {
    var step = trainer.step();
    assertNotNull(step);
    return step.parameterStates().stream().map(state -> step.read(state).copy()).toList();
  }

  @Test
  void earlyStoppingRestoresTheBestWeights() {
    List<List<HostTensor>> after = new ArrayList<>();
    List<String> told = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onStart(Trainer trainer, int epochs) {
            told.add("start " + epochs);
          }

          @Override
          public void onEpoch(Trainer trainer, EpochResult result) {
            after.add(weights(trainer));
            assertEquals(result, trainer.history().get(result.epoch() - 1));
          }

          @Override
          public void onEnd(Trainer trainer, Stop stop) {
            told.add("end " + stop.sentence());
          }
        };
    try (Trainer trainer =
        net().earlyStopping(EarlyStopping.patience(4)).listener(listener).build()) {
      List<EpochResult> results = trainer.fit(IRIS.train().batch(15), IRIS.validation(), 300);
      int best = 0;
      for (int i = 0; i < results.size(); i++) {
        best = results.get(i).best().loss() < results.get(best).best().loss() ? i : best;
      }
      assertEquals(best + 1 + 4, results.size(), "ends four epochs after the best");
      assertEquals(after.get(best), weights(trainer));
      assertEquals(
          new Stop(
              Stop.Reason.EARLY_STOPPING,
              "no better validation loss for 4 epochs; weights of epoch "
                  + (best + 1)
                  + " restored"),
          stopOf(trainer));
      assertEquals(
          results.get(best).best().loss(), trainer.evaluate(IRIS.validation()).loss(), 1e-12);
      assertEquals(List.of("start 300", "end no better validation loss for 4 epochs"), told);
      assertEquals(List.of(), trainer.fit(IRIS.train().batch(15), IRIS.validation(), 300));
      assertEquals(Stop.Reason.EARLY_STOPPING, stopOf(trainer).reason());
    }
  }

  /** The rate is kept so small from epoch 3 on that less than min_delta is gained. */
  @Test
  void progressBelowTheLeastDoesNotCount() {
    Optimizer slow = Sgd.lr(Schedules.step(0.1, 2, 1e-3));
    try (Trainer trainer =
        parabola(slow).earlyStopping(EarlyStopping.patience(3).minDelta(0.01)).build()) {
      List<EpochResult> results = trainer.fit(point(4).batch(4), null, 50);
      assertEquals(0.1, results.get(1).learningRate());
      assertEquals(1e-4, results.get(2).learningRate(), 1e-18);
      // A loss is measured before its epoch's update: that of epoch 3 is still progress.
      assertEquals(6, results.size());
      assertEquals(
          "no better training loss for 3 epochs; weights of epoch 6 restored",
          stopOf(trainer).sentence());
    }
  }

  @Test
  void higherIsBetterWhereItIs() {
    try (Trainer trainer = net().earlyStopping(EarlyStopping.patience(5).metric("f1")).build()) {
      List<EpochResult> results = trainer.fit(IRIS.train().batch(15), IRIS.validation(), 300);
      int best = 0;
      for (int i = 0; i < results.size(); i++) {
        best = results.get(i).best().get("f1") > results.get(best).best().get("f1") ? i : best;
      }
      assertEquals(best + 6, results.size());
    }
    TarnException unknown =
        assertThrows(
            TarnException.class,
            () ->
                net()
                    .earlyStopping(EarlyStopping.patience(5).metric("f2"))
                    .build()
                    .fit(IRIS.train().batch(15), null, 1));
    assertEquals(
        "stop: no metric 'f2' is measured; there are loss, accuracy, f1", unknown.getMessage());
    assertThrows(
        TarnException.class,
        () ->
            net()
                .stop(StopRules.NONE.target("f1", 1))
                .build()
                .fit(IRIS.train().batch(15), null, 1));
  }

  /** With rate 0.25 the error halves: gradient 2 e and change e / 2 are powers of two. */
  @Test
  void rulesOfConvergence() {
    Map<StopRules, String> expected =
        Map.of(
            StopRules.NONE.gradientNorm(0.1),
            "6: the gradients' norm 0.0625 is below 0.1",
            StopRules.NONE.update(0.1),
            "4: the last step changed no parameter by more than 0.0625, below 0.1",
            StopRules.NONE.target("loss", 0.01),
            "5: reached loss 0.0039",
            StopRules.NONE.steps(3),
            "3: 3 steps done");
    expected.forEach(
        (rules, words) -> {
          try (Trainer trainer = parabola(Sgd.lr(0.25)).stop(rules).build()) {
            int epochs = trainer.fit(point(4).batch(4), null, 50).size();
            assertEquals(words, epochs + ": " + stopOf(trainer).sentence());
          }
        });
  }

  /** The mean gradient of an update of two batches is that of one. */
  @Test
  void theNormIsThatOfTheMeanGradient() {
    try (Trainer trainer =
        parabola(Sgd.lr(1))
            .updates(Updates.of(Sgd.lr(0.25)).accumulate(2))
            .stop(StopRules.NONE.gradientNorm(0.1))
            .build()) {
      assertEquals(6, trainer.fit(point(4).batch(2), null, 50).size());
    }
  }

  @Test
  void timeAndWordsOfOnesOwn() {
    try (Trainer trainer = net().stop(StopRules.NONE.seconds(1e-9)).build()) {
      assertEquals(List.of(), trainer.fit(IRIS.train().batch(15), null, 5));
      assertEquals("1.0E-9 seconds are over", stopOf(trainer).sentence());
    }
    TrainingListener asks =
        new TrainingListener() {
          @Override
          public void onStep(Trainer trainer, Progress progress) {
            if (progress.step() == 4) {
              trainer.stop("enough");
            }
          }
        };
    try (Trainer trainer = net().listener(asks).build()) {
      assertEquals(1, trainer.fit(IRIS.train().batch(15), null, 5).size());
      assertEquals(new Stop(Stop.Reason.ASKED, "enough"), stopOf(trainer));
      assertEquals(4, trainer.steps());
      assertEquals(4, trainer.fit(IRIS.train().batch(15), null, 5).size(), "it goes on");
    }
  }

  /** Interrupted at any step, saved and resumed, a training stops where and as it would have. */
  @Test
  void resumingChangesNothing(@TempDir Path directory) {
    EarlyStopping early = EarlyStopping.patience(3);
    List<HostTensor> expected;
    String words;
    int epochs;
    try (Trainer whole = net().earlyStopping(early).build()) {
      epochs = whole.fit(IRIS.train().batch(15), IRIS.validation(), 300).size();
      expected = weights(whole);
      words = stopOf(whole).sentence();
    }
    long last = 3L * epochs;
    assertTrue(epochs > 5, "it takes " + epochs + " epochs");
    for (long at : new long[] {1, 6, last - 8, last - 1, last}) {
      Path file = directory.resolve(at + ".safetensors");
      TrainingListener interrupt =
          new TrainingListener() {
            @Override
            public void onStep(Trainer trainer, Progress progress) {
              if (progress.step() == at) {
                trainer.stop();
              }
            }
          };
      try (Trainer first = net().earlyStopping(early).listener(interrupt).build()) {
        first.fit(IRIS.train().batch(15), IRIS.validation(), 300);
        assertEquals(at, first.steps());
        first.save(file);
      }
      try (Trainer second = net().earlyStopping(early).build()) {
        second.resume(file);
        second.fit(IRIS.train().batch(15), IRIS.validation(), 300);
        assertEquals(expected, weights(second), "resumed after step " + at);
        assertEquals(words, stopOf(second).sentence());
      }
    }
  }

  @Test
  void aRuleThatHeldStillHoldsAfterwards(@TempDir Path directory) {
    Path file = directory.resolve("held.safetensors");
    StopRules rules = StopRules.NONE.target("loss", 0.01);
    TrainingListener saves =
        new TrainingListener() {
          @Override
          public void onEpoch(Trainer trainer, EpochResult result) {
            trainer.save(file);
          }
        };
    try (Trainer trainer = parabola(Sgd.lr(0.25)).stop(rules).listener(saves).build()) {
      trainer.fit(point(4).batch(4), null, 50);
    }
    try (Trainer same = parabola(Sgd.lr(0.25)).stop(rules).build();
        Trainer free = parabola(Sgd.lr(0.25)).build()) {
      same.resume(file);
      assertEquals(List.of(), same.fit(point(4).batch(4), null, 50));
      assertEquals("reached loss 0.0039", stopOf(same).sentence());
      free.resume(file);
      assertEquals(5, free.fit(point(4).batch(4), null, 10).size());
    }
  }

  /** The run directory's best checkpoint is of the epoch whose weights are restored. */
  @Test
  void theRunDirectoryKeepsTheSameBest(@TempDir Path directory) {
    try (RunDirectory run = RunDirectory.create(directory, "iris");
        Trainer trainer =
            net()
                .earlyStopping(EarlyStopping.patience(5).metric("accuracy"))
                .stop(StopRules.NONE.steps(40))
                .listener(run.listener(0))
                .build();
        Trainer other = net().build();
        Trainer last = net().build()) {
      trainer.fit(IRIS.train().batch(15), IRIS.validation(), 300);
      other.load(RunDirectory.best(run.path()));
      assertEquals(weights(trainer), weights(other));
      last.resume(RunDirectory.last(run.path()));
      assertEquals(trainer.steps(), last.steps());
      assertNotEquals(weights(trainer), weights(last), "the last are those of the last step");
    }
  }
}
