package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.config.RunConfig;
import dev.tarn.cuda.CheckModels.Workload;
import dev.tarn.loss.Losses;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The networks of the check are those of the benchmarks' run files. */
class CheckModelsTests {
  private static List<Shape> shapes(TrainStep step) {
    return step.parameterStates().stream().map(State::spec).map(Spec::shape).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp-64", "mlp-512", "lenet-64", "lenet-256", "vgg-64", "resnet20-128"})
  void sameParametersAndBatch(String name) {
    Path file = Path.of("..", "benchmarks", "workloads", name + ".yaml");
    assumeTrue(Files.exists(file), "skipped: the run files are not here");
    RunConfig config = RunConfig.read(file, List.of());
    Workload workload = CheckModels.named(name);
    assertEquals(config.train().batch(), workload.batch());
    try (ReferenceBackend backend = new ReferenceBackend();
        TrainStep ours = workload.step(backend, Precision.FP32, 1);
        TrainStep theirs =
            new TrainStep(
                backend,
                config.model(),
                List.of(Term.of(0, Losses.crossEntropy())),
                Updates.of(Sgd.lr(1)),
                List.of(),
                List.of(Spec.f32(workload.features())),
                1,
                Precision.FP32)) {
      assertEquals(shapes(theirs), shapes(ours));
    }
  }
}
