package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.DataSource;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.data.Normalization.Method;
import dev.tarn.data.Preprocessing.Kind;
import dev.tarn.data.Preprocessing.Options;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Activation;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Initializer;
import dev.tarn.nn.Module;
import dev.tarn.nn.Pooling;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Sgd;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Diagnosis;
import dev.tarn.train.DiagnosisListener;
import dev.tarn.train.LayerStatistics;
import dev.tarn.train.LayerStatistics.Activations;
import dev.tarn.train.Metrics;
import dev.tarn.train.NonFiniteException;
import dev.tarn.train.RunDirectory;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import dev.tarn.train.TrainingListener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each verdict is provoked, and none is given on trainings that go well. */
final class DiagnosisTests {
  private static final Dataset.Split DIGITS = part(Datasets.digits(), 700).split(0.7, 0.3, 0, 1);

  private static Dataset part(Dataset data, int count) {
    return data.subset(IntStream.range(0, count).toArray());
  }

  private static String diagnosed(
      Module model, Optimizer optimizer, Dataset train, int batch, int epochs) {
    Dataset.Split parts = new Dataset.Split(train, DIGITS.validation(), DIGITS.test());
    return diagnosed(model, optimizer, parts, batch, epochs);
  }

  private static String diagnosed(
      Module model, Optimizer optimizer, Dataset.Split parts, int batch, int epochs) {
    DiagnosisListener listener = new DiagnosisListener(parts.train());
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(model, backend)
                .loss(Losses.crossEntropy())
                .optimizer(optimizer)
                .metrics(Metrics.accuracy())
                .listener(listener)
                .seed(3)
                .build()) {
      try {
        trainer.fit(parts.train().batch(batch), parts.validation(), epochs);
      } catch (NonFiniteException e) {
        return Diagnosis.of(e).toString();
      }
      return listener.diagnosis().toString();
    }
  }

  private static void assertSays(String start, String remedy, String diagnosis) {
    assertTrue(diagnosis.contains(start) && diagnosis.contains(remedy), diagnosis);
  }

  private static Module mlp() {
    return Sequential.of(
        Dense.units(32), Activation.relu(), Dense.units(32), Activation.relu(), Dense.units(10));
  }

  @Test
  void silentOnADigitsNetThatLearnsWell() {
    assertEquals("", diagnosed(mlp(), Adam.lr(1e-3), DIGITS.train(), 16, 20));
  }

  @Test
  void vanishing() {
    List<Module> layers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      layers.add(Dense.units(16));
      layers.add(Activation.sigmoid());
    }
    layers.add(Dense.units(10));
    String found =
        diagnosed(Sequential.of(layers.toArray(Module[]::new)), Sgd.lr(0.1), DIGITS.train(), 32, 2);
    assertSays(
        "problem: The gradients vanish: that of 0 is", "Try relu in place of sigmoid", found);
  }

  @Test
  void diverging() {
    String found = diagnosed(mlp(), Sgd.lr(10), DIGITS.train(), 32, 2);
    assertSays("diverge", "Divide the learning rate by ten", found);
  }

  @Test
  void deadUnits() {
    Initializer low =
        (shape, seed, path) -> {
          float[] values = new float[shape.intSize()];
          Arrays.fill(values, -1000);
          return HostTensor.of(values, shape);
        };
    Module model = Sequential.of(Dense.units(32).biases(low), Activation.relu(), Dense.units(10));
    String found = diagnosed(model, Sgd.lr(0.01), DIGITS.train(), 32, 2);
    assertSays(
        "problem: The ReLU 1 (after 0) is dead: 32 of its 32 units", "leaky_relu after 0", found);
  }

  @Test
  void byHeart() {
    String found = diagnosed(mlp(), Adam.lr(1e-2), part(DIGITS.train(), 20), 10, 40);
    assertSays("warning: The model over-fits: ", "early_stopping", found);
  }

  @Test
  void tooSmallAModel() {
    Module model = Sequential.of(Dense.units(1), Activation.tanh(), Dense.units(10));
    String found = diagnosed(model, Adam.lr(1e-2), DIGITS.train(), 32, 15);
    assertSays("warning: The model under-fits: ", "larger model", found);
  }

  @Test
  void tooFewEpochs() {
    String found = diagnosed(mlp(), Sgd.lr(1e-4), DIGITS.train(), 32, 2);
    assertSays("warning: The model under-fits: ", "train for more epochs", found);
  }

  /** Stopped within its second epoch, it is judged by its first and by the untrained model. */
  @Test
  void resumedItSaysTheSame(@TempDir Path directory) {
    String whole = "";
    try (RunDirectory run = RunDirectory.create(directory, "whole")) {
      whole = kept(run, Integer.MAX_VALUE, false);
    }
    assertSays("diverge", "Divide the learning rate by ten", whole);
    Path parts = directory.resolve("parts-1");
    try (RunDirectory run = RunDirectory.create(directory, "parts")) {
      kept(run, 20, false);
    }
    try (RunDirectory run = RunDirectory.open(parts)) {
      assertEquals(whole, kept(run, Integer.MAX_VALUE, true));
    }
  }

  private static String kept(RunDirectory run, int stopAfter, boolean resumed) {
    DiagnosisListener diagnosis = new DiagnosisListener(DIGITS.train());
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void onStep(Trainer trainer, Progress progress) {
            if (progress.step() == stopAfter) {
              trainer.stop();
            }
          }
        };
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(mlp(), backend)
                .loss(Losses.crossEntropy())
                .optimizer(Sgd.lr(10))
                .metrics(Metrics.accuracy())
                .listener(diagnosis)
                .listener(run.listener(0))
                .listener(stop)
                .seed(3)
                .build()) {
      trainer.prepare(DIGITS.train().batch(32));
      if (resumed) {
        run.resume(trainer);
      } else {
        run.begin(trainer, "");
      }
      diagnosis.keepIn(run, DIGITS.validation().size());
      trainer.fit(DIGITS.train().batch(32), DIGITS.validation(), 3);
    }
    return diagnosis.diagnosis().toString();
  }

  /** The norms of a regression of targets around 400,000, whose loss falls. */
  @Test
  void gradientsHaveTheUnitOfTheTargets() {
    LayerStatistics layer = new LayerStatistics("a", 100, 10, 1e5, List.of());
    assertEquals(List.of(), Diagnosis.ofLayers(List.of(layer), 1.6e11).verdicts());
    assertEquals(1, Diagnosis.ofLayers(List.of(layer), 1).verdicts().size());
  }

  @Test
  void exploding() {
    Initializer large =
        (shape, seed, path) -> {
          float[] values = new float[shape.intSize()];
          for (int i = 0; i < values.length; i++) {
            values[i] = (i * 7919 % 13 - 5) * 0.3f;
          }
          return HostTensor.of(values, shape);
        };
    List<Module> layers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      layers.add(Dense.units(32).weights(large));
      layers.add(Activation.relu());
    }
    layers.add(Dense.units(10));
    String found =
        diagnosed(
            Sequential.of(layers.toArray(Module[]::new)), Sgd.lr(1e-12), DIGITS.train(), 32, 1);
    assertSays("problem: The gradients explode: that of 0 has norm", "clip_norm", found);
  }

  @Test
  void silentOnAConvolutionalNetThatLearnsWell() {
    Options images = new Options(Method.NONE, 1.0 / 16, false, Kind.ONE_HOT, Shape.of(1, 8, 8));
    Dataset.Split parts = DataSource.of("digits", DIGITS.train()).prepare(DIGITS, images).split();
    Module model =
        Sequential.of(
            Conv2d.filters(8).kernel(3).same(),
            Activation.relu(),
            Pooling.max(2),
            Conv2d.filters(16).kernel(3),
            Activation.relu(),
            Activation.flatten(),
            Dense.units(10));
    assertEquals("", diagnosed(model, Adam.lr(3e-3), parts, 16, 12));
  }

  @Test
  void frozenLayersAreNoVanishingGradients() {
    LayerStatistics frozen = new LayerStatistics("a", 10, 1, Double.NaN, List.of());
    LayerStatistics trained = new LayerStatistics("b", 10, 1, 0.1, List.of());
    assertEquals(List.of(), Diagnosis.ofLayers(List.of(frozen, trained), 1).verdicts());
  }

  /** Means and deviations of (0, 2) and (0, 4) after a ReLU of (-1, 2), (-3, 4). */
  @Test
  void activationsOfALayer() {
    Initializer eye = (shape, seed, path) -> HostTensor.of(new float[] {1, 0, 0, 1}, shape);
    try (Backend backend = new ReferenceBackend();
        TrainStep step =
            new TrainStep(
                backend,
                Sequential.of(Dense.units(2).weights(eye).withoutBias(), Activation.relu()),
                Losses.mse(),
                Sgd.lr(1),
                List.of(),
                Shape.of(2),
                0)) {
      HostTensor x = HostTensor.of(new float[] {-1, 2, -3, 4}, 2, 2);
      List<LayerStatistics> layers = LayerStatistics.of(step, 1, new Batch(x, x));
      assertEquals(1, layers.size());
      assertEquals(Math.sqrt(2), layers.get(0).parameterNorm(), 1e-6);
      Activations found = layers.get(0).activations().get(0);
      assertEquals(new Activations("1", "relu", 1.5, Math.sqrt(2.75), 2, 1, 2), found);
    }
  }
}
