package dev.tarn.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.DeviceMemoryException;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.ir.Program;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.optim.Sgd;
import dev.tarn.reference.ReferenceBackend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The size of evaluation's batches, on a device that holds only so many examples. */
final class EvaluationBatchTests {
  /** Refuses programs for more examples than it holds. */
  private static final class Small implements Backend {
    private final Backend reference = new ReferenceBackend();
    private final int most;
    private final List<Integer> compiled = new ArrayList<>();

    Small(int most) {
      this.most = most;
    }

    @Override
    public String name() {
      return "small";
    }

    @Override
    public String description() {
      return "holds " + most;
    }

    @Override
    public StateStore allocate(List<? extends State> states) {
      return reference.allocate(states);
    }

    @Override
    public Executable compile(List<Program> programs, StateStore store, Precision precision) {
      int examples = programs.get(0).inputs().get(0).value().spec().shape().dim(0);
      if (examples > most) {
        throw new DeviceMemoryException("too large", examples, most, null);
      }
      compiled.add(examples);
      return reference.compile(programs, store, precision);
    }

    @Override
    public long forecast(List<Program> programs, StateStore store, Precision precision) {
      return programs.get(0).inputs().get(0).value().spec().shape().dim(0);
    }

    @Override
    public void close() {
      reference.close();
    }
  }

  private static Trainer.Builder trainer(Backend backend) {
    return Trainer.of(Dense.units(3), backend).loss(Losses.crossEntropy()).optimizer(Sgd.lr(0.1));
  }

  private static Evaluation evaluated(Small backend, int batch) {
    Dataset iris = Datasets.iris();
    try (Trainer trainer = trainer(backend).evaluationBatch(batch).seed(1).build()) {
      return trainer.evaluate(iris);
    }
  }

  @Test
  void batchesHaveTheSizeThatIsSet() {
    Small backend = new Small(1000);
    evaluated(backend, 60);
    assertEquals(List.of(60, 30), backend.compiled);
  }

  /** 150 examples become 75, then 37, 37, 37, 37 and 2. */
  @Test
  void isHalvedUntilItFits() {
    Small backend = new Small(40);
    Evaluation found = evaluated(backend, 256);
    assertEquals(List.of(37, 2), backend.compiled);
    double whole = evaluated(new Small(1000), 256).loss();
    assertEquals(whole, found.loss(), 1e-6 * whole);
    assertEquals(150, found.examples());
  }

  @Test
  void notEvenOneExampleFits() {
    DeviceMemoryException e =
        assertThrows(DeviceMemoryException.class, () -> evaluated(new Small(0), 4));
    assertEquals(
        "too large\nNot even a batch of one example fits: make the model smaller, or free the"
            + " device.",
        e.getMessage());
  }

  /** A regression once had no metric unless one was given. */
  @Test
  void aCheckpointWithoutMetricsSaysHowToGoOn(@TempDir Path directory) {
    Path file = directory.resolve("old.safetensors");
    Dataset iris = Datasets.iris();
    try (Trainer old = trainer(new ReferenceBackend()).build()) {
      old.fit(iris.batch(50), null, 1);
      old.save(file);
    }
    try (Trainer now = trainer(new ReferenceBackend()).metrics(Metrics.accuracy()).build()) {
      TarnException e = assertThrows(TarnException.class, () -> now.resume(file));
      assertEquals(
          file
              + ": trained with 1 losses and metrics, not 2: resume with the loss alone,"
              + " as it was measured then, or start anew from its weights",
          e.getMessage());
    }
  }
}
