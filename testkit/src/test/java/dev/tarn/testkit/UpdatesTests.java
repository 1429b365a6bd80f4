package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.loss.Loss;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Initializers;
import dev.tarn.nn.Module;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Plateau;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.EpochResult;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups of parameters, plateaus, weighted means and targets in a trainer. */
final class UpdatesTests {
  private static TarnException refused(Loss loss, Updates updates, Dataset data) {
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(new Mlp(4, 4, 3, 0), backend).loss(loss).updates(updates).build()) {
      return assertThrows(TarnException.class, () -> trainer.fit(data.batch(10), null, 1));
    }
  }

  @Test
  void aGroupWithoutParametersIsAnError() {
    Updates typo = Updates.of(Sgd.lr(0.1)).freeze("fc3.*");
    String message = refused(Losses.crossEntropy(), typo, Datasets.iris()).getMessage();
    assertEquals(
        "optimizer: no parameter is left for the group 'fc3.*'; there are fc1.weight, fc1.bias,"
            + " fc2.weight, fc2.bias, out.weight, out.bias",
        message);
    Updates all = Updates.of(Sgd.lr(0.1)).freeze("*");
    assertEquals(
        "optimizer: every parameter is frozen; nothing is left to train",
        refused(Losses.crossEntropy(), all, Datasets.iris()).getMessage());
  }

  @Test
  void targetsMustBeThoseOfTheLoss() {
    Updates updates = Updates.of(Sgd.lr(0.1));
    assertEquals(
        "data: an example's target is i32[], but mse needs f32[3]: choose another loss or a model"
            + " with as many outputs as targets",
        refused(Losses.mse(), updates, Datasets.iris()).getMessage());
  }

  @Test
  void frozenParametersStayAndHaveNoMoments() {
    Updates updates = Updates.of(Adam.lr(0.1)).freeze("fc*");
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(new Mlp(4, 4, 3, 0), backend)
                .loss(Losses.crossEntropy())
                .updates(updates)
                .build()) {
      TrainStep step = trainer.prepare(Datasets.iris().batch(50));
      List<HostTensor> before = step.parameterStates().stream().map(step::read).toList();
      trainer.fit(Datasets.iris().batch(50), null, 1);
      for (int i = 0; i < before.size(); i++) {
        boolean frozen = step.parameterStates().get(i).name().startsWith("fc");
        assertEquals(frozen, before.get(i).equals(step.read(step.parameterStates().get(i))));
      }
      assertTrue(
          step.checkpointStates().stream()
              .noneMatch(state -> state.name().startsWith("optimizer.m.fc")));
    }
  }

  /** Gives its input: the parameter has no influence. */
  private static final class Scores extends Module {
    @Override
    public Tensor forward(Tensor x, Mode mode) {
      Tensor p = x.trace().state(parameter("p", Shape.of(2), Initializers.zeros(), true));
      return x.add(p.mul(0));
    }
  }

  /** -log softmax of [0, 0] is ln 2; of three examples one is ignored, and one counts threefold. */
  @Test
  void theReportedLossIsTheWeightedMean() {
    HostTensor x = HostTensor.of(new float[] {0, 0, 1, 0, 5, 5}, 3, 2);
    HostTensor labels = HostTensor.of(new int[] {0, 1, -1}, 3);
    Dataset data = ArrayDataset.partlyLabelled(x, labels, 2, -1);
    try (Backend backend = ReferenceBackend.inDouble();
        Trainer trainer =
            Trainer.of(new Scores(), backend)
                .loss(Losses.crossEntropy().classWeights(1, 3).ignoreIndex(-1))
                .optimizer(Sgd.lr(0.1))
                .build()) {
      double expected = (Math.log(2) + 3 * Math.log(1 + Math.E)) / 4;
      assertEquals(expected, trainer.evaluate(data).loss(), 1e-12);
      List<EpochResult> results = trainer.fit(data.batch(1), null, 1);
      assertEquals(expected, results.get(0).train().loss(), 1e-12);
    }
  }

  /** A batch of which nothing counts has a loss of 0 and changes nothing. */
  @Test
  void aBatchWhereEveryExampleIsIgnoredChangesNothing() {
    HostTensor x = HostTensor.of(new float[] {1, 2, 3, 4}, 2, 2);
    Batch batch = new Batch(x, HostTensor.of(new int[] {-1, -1}, 2));
    try (Backend backend = new ReferenceBackend();
        TrainStep step =
            new TrainStep(
                backend,
                Dense.units(2),
                Losses.crossEntropy().ignoreIndex(-1),
                Sgd.lr(1),
                List.of(),
                Shape.of(2),
                0)) {
      HostTensor before = step.read(step.parameterStates().get(0));
      step.train(1, batch);
      assertEquals(0, step.failedStep());
      assertEquals(0, step.takeSums()[0]);
      assertEquals(before, step.read(step.parameterStates().get(0)));
    }
  }

  /** A plateau that no epoch satisfies halves the rate each time: 1, 1/2, 1/4 of the step. */
  @Test
  void aPlateauLowersTheLearningRate(@TempDir Path directory) {
    HostTensor x = HostTensor.of(new float[] {1}, 1, 1);
    Dataset data = ArrayDataset.ofNumbers(x, HostTensor.of(new float[] {1e6f}, 1, 1));
    try (Backend backend = ReferenceBackend.inDouble();
        Trainer trainer =
            Trainer.of(Dense.units(1).withoutBias(), backend)
                .loss(Losses.l1())
                .optimizer(Sgd.lr(8))
                .plateau(new Plateau(0.5, 0, 0.5, 0, 0))
                .build()) {
      TrainStep step = trainer.prepare(data.batch(1));
      double[] steps = {8, 8, 4, 2, 1};
      double last = step.read(step.parameterStates().get(0)).item();
      for (int epoch = 1; epoch <= steps.length; epoch++) {
        trainer.fit(data.batch(1), null, epoch);
        double now = step.read(step.parameterStates().get(0)).item();
        assertEquals(steps[epoch - 1], now - last, 1e-9, "epoch " + epoch);
        last = now;
      }
      Path file = directory.resolve("file.safetensors");
      trainer.save(file);
      try (Trainer other =
          Trainer.of(Dense.units(1).withoutBias(), backend)
              .loss(Losses.l1())
              .optimizer(Sgd.lr(8))
              .build()) {
        TarnException e = assertThrows(TarnException.class, () -> other.resume(file));
        assertTrue(e.getMessage().contains("and Plateau[factor=0.5"), e::getMessage);
      }
    }
  }
}
