package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Shape;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Plateau;
import dev.tarn.optim.RmsProp;
import dev.tarn.optim.Schedules;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.EpochResult;
import dev.tarn.train.Metrics;
import dev.tarn.train.NonFiniteException;
import dev.tarn.train.Safetensors;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import dev.tarn.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whole trainings that every backend must do alike: against the reference, and against themselves
 * stopped and resumed.
 */
public abstract class TrainingConformance {
  /** Starts the backend under test. */
  protected abstract Backend open();

  // ---- The reference -------------------------------------------------------------------------

  /** From the same state, one step's loss, gradients and update agree with the reference. */
  @Test
  void oneStepEqualsTheReference() {
    Dataset data = Datasets.digits();
    try (Backend backend = open();
        Backend reference = new ReferenceBackend();
        TrainStep actual = step(backend, new Mlp(64, 33, 10, 0.3), Sgd.lr(0.5).momentum(0.9));
        TrainStep expected = step(reference, new Mlp(64, 33, 10, 0.3), Sgd.lr(0.5).momentum(0.9))) {
      Batches batches = new Batches(data, 50, true);
      batches.startEpoch(1, 0);
      for (int i = 0; i < 20; i++) {
        for (int s = 0; s < actual.checkpointStates().size(); s++) {
          actual.write(
              actual.checkpointStates().get(s), expected.read(expected.checkpointStates().get(s)));
        }
        Batch batch = scaled(batches.load(i));
        actual.train(i + 1, batch);
        expected.train(i + 1, batch);
        Map<String, HostTensor> gradients = expected.gradients();
        actual
            .gradients()
            .forEach((key, value) -> assertRelative(key, gradients.get(key), value, 1e-5));
        for (int s = 0; s < actual.checkpointStates().size(); s++) {
          State state = actual.checkpointStates().get(s);
          assertRelative(
              state.name(),
              expected.read(expected.checkpointStates().get(s)),
              actual.read(state),
              1e-5);
        }
        actual.takeSums();
        expected.takeSums();
      }
    }
  }

  /**
   * Left to themselves for 100 steps, backend and reference drift apart no more than ten times what
   * a change of one unit in the last place of one weight does on the backend alone.
   */
  @Test
  void hundredStepsDriftNoMoreThanRounding() {
    double[] reference = curve(new ReferenceBackend(), 0);
    double[] plain = curve(open(), 0);
    double nudged = 0;
    for (int weight = 1; weight <= 5; weight++) {
      nudged = Math.max(nudged, distance(plain, curve(open(), weight)));
    }
    double drift = distance(plain, reference);
    assertTrue(drift <= 10 * nudged, "drift " + drift + ", one ulp " + nudged);
  }

  private double[] curve(Backend opened, int nudge) {
    try (Backend backend = opened;
        TrainStep step = step(backend, new Mlp(64, 32, 10, 0.3), Adam.lr(1e-3))) {
      if (nudge > 0) {
        State weight = step.parameterStates().get(0);
        HostTensor values = step.read(weight);
        int index = nudge * 100;
        values.set(index, Math.nextUp((float) values.get(index)));
        step.write(weight, values);
      }
      Batches batches = new Batches(Datasets.digits(), 64, true);
      double[] losses = new double[100];
      for (int i = 0; i < losses.length; i++) {
        if (i % batches.count() == 0) {
          batches.startEpoch(1, i / batches.count());
        }
        Batch batch = scaled(batches.load(i % batches.count()));
        step.train(i + 1, batch);
        losses[i] = step.takeSums()[0] / batch.size();
      }
      return losses;
    }
  }

  private static double distance(double[] a, double[] b) {
    double max = 0;
    for (int i = 0; i < a.length; i++) {
      max = Math.max(max, Math.abs(a[i] - b[i]));
    }
    return max;
  }

  // ---- Itself --------------------------------------------------------------------------------

  /** A training stopped at any step and resumed from its file ends with the same bits. */
  @Test
  void resumedEqualsNeverStopped(@TempDir Path directory) throws IOException {
    resumedEqualsNeverStopped(directory, TrainingConformance::trainer);
  }

  /**
   * The same in the middle of an update of several batches, with a schedule, a plateau that lowers
   * the rate after every epoch, clipping, frozen and penalised parameters, and weighted examples.
   */
  @Test
  void resumedEqualsNeverStoppedWithEverything(@TempDir Path directory) throws IOException {
    Optimizer main = Adam.lr(Schedules.cosine(1e-2, 20, 0).warmUp(3, 0.1)).withAmsgrad();
    Optimizer other = RmsProp.lr(1e-3).momentum(0.5).asCentered().l1(1e-4);
    Updates updates =
        Updates.of(main).group("out.*", other).freeze("fc1.bias").clipNorm(1).accumulate(5);
    resumedEqualsNeverStopped(
        directory,
        (backend, listener) ->
            Trainer.of(new Mlp(32, 16, 10, 0.2), backend)
                .loss(Losses.crossEntropy().labelSmoothing(0.1).ignoreIndex(3))
                .updates(updates)
                .plateau(new Plateau(0.5, 0, 0.9, 0, 0))
                .metrics(Metrics.accuracy())
                .seed(42)
                .listener(listener)
                .build());
  }

  private void resumedEqualsNeverStopped(
      Path directory, BiFunction<Backend, TrainingListener, Trainer> trainer) throws IOException {
    Dataset.Split data = Datasets.digits().split(0.2, 0.1, 0.7, 3);
    Path whole = directory.resolve("whole.safetensors");
    List<EpochResult> expected = train(trainer, data, whole, 0, null);
    for (int stopAt : new int[] {1, 7, 12, 13, 30}) {
      Path part = directory.resolve("part" + stopAt + ".safetensors");
      List<EpochResult> results = train(trainer, data, part, stopAt, null);
      results.addAll(train(trainer, data, part, 0, part));
      assertEquals(-1, Files.mismatch(whole, part), "stopped at " + stopAt);
      for (int i = 0; i < expected.size(); i++) {
        assertEquals(expected.get(i).train(), results.get(i).train());
        assertEquals(expected.get(i).validation(), results.get(i).validation());
      }
    }
  }

  private List<EpochResult> train(
      BiFunction<Backend, TrainingListener, Trainer> maker,
      Dataset.Split data,
      Path file,
      int stopAt,
      @Nullable Path from) {
    TrainingListener stopper =
        new TrainingListener() {
          @Override
          public void onStep(Trainer trainer, Progress progress) {
            if (progress.step() == stopAt) {
              trainer.stop();
            }
          }
        };
    try (Backend backend = open();
        Trainer trainer = maker.apply(backend, stopper)) {
      if (from != null) {
        trainer.resume(from);
      }
      List<EpochResult> results = new ArrayList<>();
      results.addAll(trainer.fit(data.train().batch(30), data.validation(), 3));
      trainer.save(file);
      return results;
    }
  }

  /** What the reference saved continues here as it would have there, and the other way round. */
  @Test
  void checkpointsContinueOnTheReference(@TempDir Path directory) {
    Dataset.Split data = Datasets.digits().split(0.2, 0.1, 0.7, 3);
    Path file = directory.resolve("half.safetensors");
    Path here = directory.resolve("here.safetensors");
    Path there = directory.resolve("there.safetensors");
    try (Backend backend = open();
        Trainer trainer = trainer(backend, new TrainingListener() {})) {
      trainer.fit(data.train().batch(30), null, 1);
      trainer.save(file);
      trainer.fit(data.train().batch(30), null, 2);
      trainer.save(here);
    }
    try (Backend reference = new ReferenceBackend();
        Trainer trainer = trainer(reference, new TrainingListener() {})) {
      trainer.resume(file);
      trainer.fit(data.train().batch(30), null, 2);
      trainer.save(there);
    }
    Map<String, HostTensor> expected = Safetensors.read(here).tensors();
    Safetensors.read(there)
        .tensors()
        .forEach((name, value) -> assertRelative(name, expected.get(name), value, 1e-5));
  }

  /** A NaN is traced to the operation and line, and nothing that was learned is lost. */
  @Test
  void aNonFiniteLossNamesTheLine() {
    final class Diverging extends Module {
      private final Dense dense = child("dense", Dense.units(10));

      @Override
      public Tensor forward(Tensor x, Mode mode) {
        return dense.forward(x, mode).mul(1e20).exp();
      }
    }
    try (Backend backend = open();
        Trainer trainer =
            Trainer.of(new Diverging(), backend)
                .loss(Losses.crossEntropy())
                .optimizer(Sgd.lr(0.1))
                .build()) {
      NonFiniteException e =
          assertThrows(
              NonFiniteException.class, () -> trainer.fit(Datasets.iris().batch(10), null, 1));
      assertTrue(e.getMessage().contains("exp (TrainingConformance.java:"), () -> e.getMessage());
      assertEquals(1, e.step());
      String remedy = "No update was made yet: look at the data and the initial values.";
      assertTrue(e.getMessage().endsWith(remedy), e::getMessage);
    }
  }

  /** Only a step after an update can have failed because of the learning rate. */
  @Test
  void theLearningRateIsBlamedAfterAnUpdate() {
    try (Backend backend = open();
        Trainer trainer =
            Trainer.of(new Mlp(4, 4, 3, 0), backend)
                .loss(Losses.crossEntropy())
                .updates(Updates.of(Sgd.lr(1e38)).accumulate(2))
                .build()) {
      NonFiniteException e =
          assertThrows(
              NonFiniteException.class, () -> trainer.fit(Datasets.iris().batch(10), null, 1));
      assertTrue(e.step() > 2, e::getMessage);
      assertTrue(e.getMessage().endsWith("Lower the learning rate."), e::getMessage);
    }
  }

  /** Labels that the model has no output for are named, and not the learning rate. */
  @Test
  void aLabelWithoutAnOutputIsNamed() {
    try (Backend backend = open();
        Trainer trainer =
            Trainer.of(new Mlp(8, 8, 7, 0), backend)
                .loss(Losses.crossEntropy())
                .optimizer(Sgd.lr(0.1))
                .build()) {
      TarnException e =
          assertThrows(
              TarnException.class, () -> trainer.fit(Datasets.digits().batch(100), null, 1));
      assertEquals(TarnException.class, e.getClass(), "nothing that was learned is at fault");
      assertTrue(
          e.getMessage().matches("(?s)step 1 .*: label [789] is not one of the model's 7 .*"),
          e::getMessage);
    }
  }

  /** A closed trainer refuses to go on, rather than begin with a new model. */
  @Test
  void aClosedTrainerIsClosed() {
    try (Backend backend = open()) {
      Trainer trainer = trainer(backend, new TrainingListener() {});
      trainer.fit(Datasets.digits().batch(600), null, 1);
      trainer.close();
      assertThrows(IllegalStateException.class, () -> trainer.evaluate(Datasets.digits()));
    }
  }

  /** The child JVM for {@link #memoryStaysFlat}, set up so that the backend runs in it. */
  protected ChildJvm child() {
    return Endurance.child();
  }

  /**
   * 20,000 steps: memory stays flat within 2 %, and a step makes less than a kilobyte of garbage.
   */
  @Test
  @EnabledOnOs(OS.LINUX)
  void memoryStaysFlat() throws IOException, InterruptedException {
    String name;
    try (Backend backend = open()) {
      name = backend.name();
    }
    Endurance.Report report = Endurance.run(child(), name, 20_000);
    assertTrue(report.residentGrowth() < 0.02, report::toString);
    assertTrue(report.heapGrowth() < 0.02, report::toString);
    // The reference is a specification and may be wasteful.
    assertTrue(report.garbage() < 1024 || name.equals("reference"), report::toString);
  }

  // ---- Helpers -------------------------------------------------------------------------------

  private static Trainer trainer(Backend backend, TrainingListener listener) {
    return Trainer.of(new Mlp(32, 16, 10, 0.2), backend)
        .loss(Losses.crossEntropy())
        .optimizer(Adam.lr(1e-3))
        .metrics(Metrics.accuracy())
        .seed(42)
        .listener(listener)
        .build();
  }

  private static TrainStep step(Backend backend, Module model, Optimizer optimizer) {
    return new TrainStep(
        backend, model, Losses.crossEntropy(), optimizer, List.of(), Shape.of(64), 7);
  }

  /** Pixels in [0, 1], in a batch of its own. */
  private static Batch scaled(Batch batch) {
    float[] values = batch.feature().floats().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] /= 16;
    }
    return new Batch(
        HostTensor.of(values, batch.feature().shape()),
        HostTensor.of(batch.target().ints().clone(), batch.size()));
  }

  /** Each element agrees relative to the tensor's largest. */
  private static void assertRelative(
      String what, HostTensor expected, HostTensor actual, double tolerance) {
    double scale = 0;
    for (double value : expected.toDoubles()) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i), actual.get(i), tolerance * scale, what + "[" + i + "]");
    }
  }
}
