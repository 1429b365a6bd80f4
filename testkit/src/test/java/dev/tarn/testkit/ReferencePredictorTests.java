package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.CustomOp;
import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.data.CsvFormat;
import dev.tarn.data.CsvTable;
import dev.tarn.data.DataSource;
import dev.tarn.data.Dataset;
import dev.tarn.data.Normalization;
import dev.tarn.data.Preprocessing;
import dev.tarn.data.RowException;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Sgd;
import dev.tarn.predict.Prediction;
import dev.tarn.predict.Predictor;
import dev.tarn.predict.PredictorBusyException;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The predictor on the reference backend, and on a device that is slow or fails when told to. */
final class ReferencePredictorTests extends PredictorConformance {
  @TempDir private Path files;

  @Override
  protected String device() {
    return "reference";
  }

  /** Doubles its input, once there is a permit; fails for negative ones. */
  private record Gate(Semaphore permits) implements CustomOp {
    @Override
    public String name() {
      return "gate";
    }

    @Override
    public List<Spec> infer(List<Spec> inputs) {
      return inputs;
    }

    @Override
    public void run(List<HostTensor> inputs, List<HostTensor> outputs) {
      permits.acquireUninterruptibly();
      for (int i = 0; i < inputs.get(0).size(); i++) {
        if (inputs.get(0).get(i) < 0) {
          throw new TarnException("gate: negative");
        }
        outputs.get(0).set(i, 2 * inputs.get(0).get(i));
      }
    }
  }

  private static final class Gated extends Module {
    private final Gate gate;
    private final Dense dense = child("dense", Dense.units(1));

    private Gated(Gate gate) {
      this.gate = gate;
    }

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      Tensor doubled = x.trace().custom(gate, x).get(0);
      return Tensor.concat(1, List.of(doubled, dense.forward(x, mode).mul(0)));
    }
  }

  private static List<HostTensor> example(float value) {
    return List.of(HostTensor.of(new float[] {value}, 1));
  }

  private Path save(Semaphore permits) {
    Path file = files.resolve("gated.safetensors");
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(new Gated(new Gate(permits)), backend)
                .loss(Losses.mse())
                .optimizer(Sgd.lr(0.1))
                .build()) {
      trainer.predict(HostTensor.of(new float[] {1}, 1, 1));
      trainer.save(file);
    }
    return file;
  }

  @Test
  void aSlowDeviceAndAFullQueue() throws Exception {
    Semaphore permits = new Semaphore(1);
    Path file = save(permits);
    try (Predictor predictor =
        Predictor.of(new Gated(new Gate(permits)), file)
            .device("reference")
            .batchSizes(1)
            .queue(2)
            .timeout(Duration.ofMillis(50))
            .build()) {
      CompletableFuture<Prediction> running = predictor.submit(example(1));
      while (permits.getQueueLength() == 0) {
        Thread.sleep(1);
      }
      CompletableFuture<Prediction> next = predictor.submit(example(2));
      CompletableFuture<Prediction> last = predictor.submit(example(3));
      assertThrows(PredictorBusyException.class, () -> predictor.submit(example(4)));
      assertThrows(PredictorBusyException.class, () -> predictor.predict(example(4)));
      assertTrue(last.cancel(false));
      permits.release(2);
      assertArrayEquals(new float[] {2, 0}, running.get().values(), 1e-6f);
      assertArrayEquals(new float[] {4, 0}, next.get().values(), 1e-6f);
      String late =
          assertThrows(PredictorBusyException.class, () -> predictor.predict(example(5)))
              .getMessage();
      assertTrue(late.startsWith("predict: no result within 50 ms"), late);
      Thread.currentThread().interrupt();
      assertThrows(TarnException.class, () -> predictor.predict(example(5)));
      assertTrue(Thread.interrupted());
      permits.release(10);
    }
  }

  @Test
  void aFailureReachesTheCallerAndTheNextOneIsServed() {
    Semaphore permits = new Semaphore(100);
    Path file = save(permits);
    try (Predictor predictor =
        Predictor.of(new Gated(new Gate(permits)), file).device("reference").build()) {
      TarnException failure =
          assertThrows(TarnException.class, () -> predictor.predict(example(-1)));
      assertTrue(failure.getMessage().contains("gate: negative"), failure.getMessage());
      assertThrows(ExecutionException.class, () -> predictor.submit(example(-1)).get());
      assertArrayEquals(new float[] {6, 0}, predictor.predict(example(3)).values(), 1e-6f);
      TarnException numbers =
          assertThrows(TarnException.class, () -> predictor.predict(example(3)).label());
      assertEquals(
          "prediction: the model predicts numbers, not classes; use values()",
          numbers.getMessage());
    }
  }

  @Test
  void closedByItsOwnContinuation() throws Exception {
    Semaphore permits = new Semaphore(1);
    Path file = save(permits);
    Predictor predictor =
        Predictor.of(new Gated(new Gate(permits)), file).device("reference").build();
    CompletableFuture<Void> done = predictor.submit(example(3)).thenRun(predictor::close);
    permits.release();
    done.get();
    predictor.close();
    assertThrows(IllegalStateException.class, () -> predictor.predict(example(3)));
  }

  /** Rows of a table with a category, more of them than the queue holds. */
  @Test
  void rowsByTheNamesOfTheirColumns() throws IOException {
    Path csv = files.resolve("people.csv");
    Files.writeString(csv, "age,town,class\n10,York,no\n20,Bath,yes\n30,York,yes\n40,Bath,no\n");
    CsvFormat format = CsvFormat.labelled("class").withCategorical(List.of("town"));
    DataSource source = DataSource.of(CsvTable.read(csv, format));
    Dataset all = source.data();
    Dataset none = all.subset(new int[0]);
    DataSource.Prepared data =
        source.prepare(
            new Dataset.Split(all, none, none),
            Preprocessing.Options.PLAIN.with(Normalization.Method.MINMAX));
    Path file = files.resolve("people.safetensors");
    HostTensor wanted;
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(Sequential.of(Dense.units(2)), backend)
                .loss(Losses.crossEntropy())
                .optimizer(Sgd.lr(1))
                .build()) {
      trainer.fit(data.split().train().batch(4), null, 3);
      trainer.save(file, Map.of("preprocessing", data.preprocessing().toJson()));
      // age over 10 to 40; another town, Bath, York
      float[] rows = {0, 0, 0, 1, 1 / 3f, 0, 1, 0, 2, 1, 0, 0};
      wanted = trainer.predict(HostTensor.of(rows, 3, 4));
    }
    Map<String, ?> york = Map.of("age", 10, "town", "York");
    Map<String, ?> bath = Map.of("age", 20.0, "town", "Bath");
    Map<String, ?> hull = Map.of("age", 70L, "town", "Hull", "name", "Ann");
    try (Predictor predictor =
        Predictor.of(Sequential.of(Dense.units(2)), file)
            .loss(Losses.crossEntropy())
            .device("reference")
            .queue(1)
            .build()) {
      List<Prediction> predictions = predictor.predictAll(List.of(york, bath, hull));
      for (int i = 0; i < 6; i++) {
        assertEquals(wanted.floats()[i], predictions.get(i / 2).values()[i % 2], 1e-6);
      }
      assertEquals(List.of("no", "yes"), predictor.classes());
      RowException second =
          assertThrows(
              RowException.class,
              () -> predictor.predictAll(List.of(york, Map.of("age", "x", "town", "York"))));
      assertEquals("predictAll: 2 of 2: row: 'age' must be a number, not 'x'", second.getMessage());
    }
    TarnException three =
        assertThrows(
            TarnException.class,
            () ->
                Predictor.of(Sequential.of(Dense.units(2)), file)
                    .classes(List.of("a", "b", "c"))
                    .device("reference")
                    .build());
    assertEquals(
        "predictor: 3 names of classes, but the model's output is f32[2]", three.getMessage());
  }
}
