package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.config.RunConfig;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.internal.RandomStream;
import dev.tarn.loss.Losses;
import dev.tarn.optim.Adam;
import dev.tarn.predict.Prediction;
import dev.tarn.predict.Predictor;
import dev.tarn.predict.PredictorBuilder;
import dev.tarn.train.RunDirectory;
import dev.tarn.train.Term;
import dev.tarn.train.Trainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@link Predictor} promises, on one device. */
@Timeout(300)
public abstract class PredictorConformance {
  private static final int EXAMPLES = 40;
  private static final int THREADS = 6;
  private static final Term[] TERMS = {Term.of(0, Losses.crossEntropy()), Term.of(1, Losses.mse())};

  @TempDir private Path directory;

  /** The device's name. */
  protected abstract String device();

  /** Examples of {@code GraphModels.TwoInputs}: five numbers and three words. */
  private static List<List<HostTensor>> examples() {
    RandomStream random = new RandomStream(3, "examples");
    List<List<HostTensor>> examples = new ArrayList<>();
    for (int i = 0; i < EXAMPLES; i++) {
      float[] numbers = new float[5];
      int[] words = new int[3];
      for (int j = 0; j < numbers.length; j++) {
        numbers[j] = random.nextInt(1000) / 500f - 1;
      }
      for (int j = 0; j < words.length; j++) {
        words[j] = random.nextInt(6);
      }
      examples.add(List.of(HostTensor.of(numbers, 5), HostTensor.of(words, 3)));
    }
    return examples;
  }

  /** A trained model's file, and what the trainer predicts for all examples in one batch. */
  private List<HostTensor> train(Path file) {
    HostTensor numbers = HostTensor.zeros(Spec.f32(EXAMPLES, 5));
    HostTensor words = HostTensor.zeros(Spec.i32(EXAMPLES, 3));
    HostTensor classes = HostTensor.zeros(Spec.i32(EXAMPLES));
    for (int i = 0; i < EXAMPLES; i++) {
      System.arraycopy(examples().get(i).get(0).floats(), 0, numbers.floats(), i * 5, 5);
      System.arraycopy(examples().get(i).get(1).ints(), 0, words.ints(), i * 3, 3);
      classes.ints()[i] = i % 4;
    }
    HostTensor targets = HostTensor.zeros(Spec.f32(EXAMPLES, 2));
    ArrayDataset data = ArrayDataset.of(List.of(numbers, words), List.of(classes, targets));
    try (Backend backend = Backends.named(device());
        Trainer trainer =
            Trainer.of(new GraphModels.TwoInputs(), backend)
                .losses(TERMS)
                .optimizer(Adam.lr(0.05))
                .seed(4)
                .build()) {
      trainer.fit(data.batch(10), null, 3);
      trainer.save(file);
      return trainer.predict(List.of(numbers, words));
    }
  }

  private PredictorBuilder predictor(Path file) {
    return Predictor.of(new GraphModels.TwoInputs(), file).losses(TERMS).device(device());
  }

  /** From many threads in any company: the bits of one thread alone. */
  @Test
  void manyThreadsGetWhatOneGets() throws Exception {
    Path file = directory.resolve("model.safetensors");
    List<HostTensor> trained = train(file);
    List<List<HostTensor>> examples = examples();
    try (Predictor predictor = predictor(file).batchSizes(8).queue(5).build()) {
      assertEquals(List.of("0", "1", "2", "3"), predictor.classes());
      assertTrue(predictor.device().startsWith(device()), predictor.device());
      List<Prediction> alone = examples.stream().map(predictor::predict).toList();
      for (int i = 0; i < EXAMPLES; i++) {
        for (int output = 0; output < 2; output++) {
          HostTensor own = alone.get(i).outputs().get(output);
          for (int j = 0; j < own.size(); j++) {
            assertEquals(trained.get(output).get(i * own.size() + j), own.get(j), 1e-5);
          }
        }
      }
      List<Prediction> all = together(predictor, examples);
      for (int i = 0; i < all.size(); i++) {
        assertEquals(alone.get(i % EXAMPLES), all.get(i));
      }
    }
    try (Predictor several = predictor(file).batchSizes(1, 4, 32).build()) {
      List<Prediction> all = together(several, examples);
      for (int i = 0; i < all.size(); i++) {
        int example = i % EXAMPLES;
        float[] values = all.get(i).values();
        for (int j = 0; j < values.length; j++) {
          assertEquals(trained.get(0).get(example * values.length + j), values[j], 1e-5);
        }
      }
    }
  }

  /** Every thread predicts all examples, beginning somewhere else; results in order. */
  private static List<Prediction> together(Predictor predictor, List<List<HostTensor>> examples)
      throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<List<Prediction>>> tasks = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        int first = t * 7;
        tasks.add(
            () -> {
              Prediction[] own = new Prediction[EXAMPLES];
              for (int i = 0; i < EXAMPLES; i++) {
                int example = (first + i) % EXAMPLES;
                own[example] = predictor.predict(examples.get(example));
              }
              return List.of(own);
            });
      }
      List<Prediction> all = new ArrayList<>();
      for (Future<List<Prediction>> future : threads.invokeAll(tasks)) {
        all.addAll(future.get());
      }
      return all;
    } finally {
      threads.shutdown();
    }
  }

  /** What was accepted before the close is answered, what comes later is refused. */
  @Test
  void closesWhileBusy() throws Exception {
    Path file = directory.resolve("model.safetensors");
    train(file);
    List<List<HostTensor>> examples = examples();
    Predictor predictor = predictor(file).batchSizes(4).build();
    List<Prediction> alone = examples.stream().map(predictor::predict).toList();
    CountDownLatch running = new CountDownLatch(THREADS * 3);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    List<Future<Integer>> counts = new ArrayList<>();
    for (int t = 0; t < THREADS; t++) {
      counts.add(
          threads.submit(
              () -> {
                for (int i = 0; ; i++) {
                  try {
                    assertEquals(
                        alone.get(i % EXAMPLES), predictor.predict(examples.get(i % EXAMPLES)));
                    running.countDown();
                  } catch (IllegalStateException e) {
                    return i;
                  }
                }
              }));
    }
    running.await();
    predictor.close();
    for (Future<Integer> count : counts) {
      count.get();
    }
    threads.shutdown();
    predictor.close();
    assertThrows(IllegalStateException.class, () -> predictor.submit(examples.get(0)));
  }

  @Test
  void wrongInputsAreRefusedAndNobodyElseNotices() {
    Path file = directory.resolve("model.safetensors");
    train(file);
    List<HostTensor> example = examples().get(0);
    try (Predictor predictor = predictor(file).build()) {
      Prediction wanted = predictor.predict(example);
      assertEquals(
          "predict: the model takes an example of [f32[5], i32[3]], was given [f32[5]]",
          assertThrows(ShapeException.class, () -> predictor.predict(List.of(example.get(0))))
              .getMessage());
      HostTensor batch = HostTensor.zeros(Spec.f32(1, 5));
      assertThrows(ShapeException.class, () -> predictor.submit(List.of(batch, example.get(1))));
      TarnException raw = assertThrows(TarnException.class, () -> predictor.predict(1, 2));
      assertTrue(raw.getMessage().contains("does not say how raw rows"), raw.getMessage());
      assertEquals(wanted, predictor.predict(example));
    }
    TarnException other =
        assertThrows(
            TarnException.class,
            () -> Predictor.of(new GraphModels.TwoInputs(), file).device("none").build());
    assertTrue(other.getMessage().contains("no backend 'none'"), other.getMessage());
    TarnException none = assertThrows(TarnException.class, () -> Predictor.open(file));
    assertTrue(none.getMessage().contains("give Predictor.of the model"), none.getMessage());
    assertThrows(
        TarnException.class,
        () -> Predictor.of(new Mlp(3, 3, 3, 0), file).device(device()).build());
  }

  /** A run file's model predicts from raw rows what the trainer predicts from prepared ones. */
  @Test
  void rawRowsOfARunDirectory() {
    String text =
        """
        name: iris
        data: {set: iris, normalize: standard}
        model: [{dense: 8}, tanh, {dense: 3}]
        train: {epochs: 5, batch: 16, optimizer: {adam: {lr: 0.02}}}
        """;
    RunConfig config = RunConfig.parse(text, "iris.yaml", directory, List.of());
    Prepared data = config.load();
    Path run;
    HostTensor wanted;
    float[][] raw = {{5.1f, 3.5f, 1.4f, 0.2f}, {6.7f, 3.0f, 5.2f, 2.3f}};
    HostTensor prepared = HostTensor.zeros(Spec.f32(2, 4));
    for (int i = 0; i < 8; i++) {
      float shift = data.preprocessing().normalization().shift()[i % 4];
      float factor = data.preprocessing().normalization().factor()[i % 4];
      prepared.set(i, (raw[i / 4][i % 4] - shift) * factor);
    }
    try (Backend backend = Backends.named(device());
        Trainer trainer =
            Trainer.of(config.model(), backend)
                .loss(config.train().loss())
                .optimizer(Adam.lr(0.02))
                .build();
        RunDirectory saved = RunDirectory.create(directory, "iris")) {
      run = saved.path();
      saved.keep(RunDirectory.PREPROCESSING, data.preprocessing().toJson());
      trainer.prepare(data.split().train().batch(16));
      saved.begin(trainer, config.toYaml());
      trainer.fit(data.split().train().batch(16), null, 5);
      saved.save(trainer);
      wanted = trainer.predict(prepared);
    }
    try (Predictor predictor = Predictor.of(run).device(device()).build()) {
      for (int i = 0; i < 2; i++) {
        Prediction one = predictor.predict(raw[i]);
        float[] values = Arrays.copyOfRange(wanted.floats(), 3 * i, 3 * i + 3);
        assertArrayEquals(values, one.values(), 1e-5f);
        assertEquals(predictor.classes(), List.copyOf(one.probabilities().keySet()));
        assertEquals(one.probabilities().get(one.label()), one.probability());
      }
      assertEquals(Shape.of(4), predictor.features().get(0).shape());
      assertThrows(TarnException.class, () -> predictor.predict(Map.of("sepal_length", 5.1)));
    }
  }
}
