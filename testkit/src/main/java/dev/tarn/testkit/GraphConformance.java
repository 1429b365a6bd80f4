package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.internal.RandomStream;
import dev.tarn.loss.Losses;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.EpochResult;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Metrics;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import dev.tarn.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models of several inputs, outputs and losses: against PyTorch, against the reference, and against
 * themselves stopped and resumed.
 */
public abstract class GraphConformance extends GraphNumbers {
  // ---- The reference -------------------------------------------------------------------------

  /** Each of ten steps from the reference's state, with its loss, gradients and update. */
  @Test
  void stepsOfTwoInputsEqualTheReference() {
    compareWithReference(true);
  }

  /** Ten steps, each from where the one before ended. */
  @Test
  void tenStepsOfTwoInputsEqualTheReference() {
    compareWithReference(false);
  }

  private void compareWithReference(boolean fromItsState) {
    assumeFalse(inDouble());
    Dataset data = imagesAndNumbers();
    Batches batches = new Batches(data, 20, true);
    batches.startEpoch(1, 0);
    try (Backend backend = open();
        Backend reference = new ReferenceBackend();
        TrainStep actual = images(backend, data);
        TrainStep expected = images(reference, data)) {
      for (int i = 0; i < 10; i++) {
        for (int s = 0; fromItsState && s < actual.checkpointStates().size(); s++) {
          actual.write(
              actual.checkpointStates().get(s), expected.read(expected.checkpointStates().get(s)));
        }
        Batch batch = batches.load(i);
        actual.train(i + 1, batch);
        expected.train(i + 1, batch);
        Map<String, HostTensor> gradients = expected.gradients();
        actual.gradients().forEach((key, value) -> assertRelative(key, gradients.get(key), value));
        Map<String, HostTensor> states = expected.checkpoint();
        assertTrue(states.keySet().containsAll(Set.of("sum.loss", "numbers.weight")));
        actual.checkpoint().forEach((key, value) -> assertRelative(key, states.get(key), value));
      }
      assertEquals(0, actual.failedStep());
    }
  }

  private static TrainStep images(Backend backend, Dataset data) {
    return new TrainStep(
        backend,
        new GraphModels.ImageAndNumbers(),
        List.of(Term.of(0, Losses.crossEntropy())),
        Updates.of(Sgd.lr(0.2).momentum(0.9)),
        List.of(Metrics.accuracy()),
        data.features(),
        7);
  }

  /** 200 digits [1, 8, 8], each with two numbers below 7. */
  private static Dataset imagesAndNumbers() {
    Batches digits = new Batches(Datasets.digits(), 200, false);
    digits.startEpoch(0, 0);
    Batch first = digits.load(0);
    RandomStream random = new RandomStream(5, "numbers");
    int[] numbers = new int[400];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.nextInt(7);
    }
    HostTensor images = HostTensor.zeros(Spec.f32(200, 1, 8, 8));
    for (int i = 0; i < images.size(); i++) {
      images.set(i, first.feature().get(i) / 16);
    }
    return ArrayDataset.of(
        List.of(images, HostTensor.of(numbers, 200, 2)), List.of(first.target()), 10);
  }

  // ---- Training ------------------------------------------------------------------------------

  /** Six words of which one tells the class: what is learned holds for texts not seen before. */
  @Test
  void anEmbeddingLearnsWords(@TempDir Path directory) throws IOException {
    assumeFalse(inDouble());
    Dataset.Split texts = texts(300).split(0.6, 0.1, 0.3, 1);
    Path whole = directory.resolve("whole.safetensors");
    Path part = directory.resolve("part.safetensors");
    try (Backend backend = open();
        Trainer trainer = texts(backend, 0)) {
      trainer.fit(texts.train().batch(32), texts.validation(), 20);
      trainer.save(whole);
      assertEquals(1.0, trainer.evaluate(texts.test()).get("accuracy"));
    }
    try (Backend backend = open();
        Trainer trainer = texts(backend, 40)) {
      trainer.fit(texts.train().batch(32), texts.validation(), 20);
      trainer.save(part);
    }
    try (Backend backend = open();
        Trainer trainer = texts(backend, 0)) {
      trainer.resume(part);
      trainer.fit(texts.train().batch(32), texts.validation(), 20);
      trainer.save(part);
    }
    assertEquals(-1, Files.mismatch(whole, part));
  }

  private static Trainer texts(Backend backend, int stopAt) {
    return Trainer.of(new GraphModels.Text(), backend)
        .loss(Losses.crossEntropy())
        .optimizer(Adam.lr(0.03))
        .metrics(Metrics.accuracy())
        .seed(3)
        .listener(stopper(stopAt))
        .build();
  }

  private static Dataset texts(int count) {
    RandomStream random = new RandomStream(9, "texts");
    int[] words = new int[count * 6];
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      for (int w = 0; w < 6; w++) {
        words[i * 6 + w] = 3 + random.nextInt(17);
      }
      labels[i] = random.nextInt(3);
      words[i * 6 + random.nextInt(6)] = labels[i];
    }
    return new ArrayDataset(HostTensor.of(words, count, 6), HostTensor.of(labels, count), 3);
  }

  /** Sums of several losses, one of them weighted, are part of a checkpoint. */
  @Test
  void severalLossesResume(@TempDir Path directory) throws IOException {
    assumeFalse(inDouble());
    Path whole = directory.resolve("whole.safetensors");
    List<EpochResult> expected = twoTasks(whole, 0, null);
    for (EpochResult result : expected) {
      Evaluation train = result.train();
      assertEquals(
          List.of("loss", "classes", "value", "accuracy"), List.copyOf(train.values().keySet()));
      assertEquals(0.75 * train.get("classes") + 0.25 * train.get("value"), train.loss(), 1e-12);
    }
    for (int stopAt : new int[] {2, 6, 9}) {
      Path part = directory.resolve("part" + stopAt + ".safetensors");
      List<EpochResult> results = twoTasks(part, stopAt, null);
      results.addAll(twoTasks(part, 0, part));
      assertEquals(-1, Files.mismatch(whole, part), "stopped at " + stopAt);
      for (int i = 0; i < expected.size(); i++) {
        assertEquals(expected.get(i).train(), results.get(i).train());
        assertEquals(expected.get(i).validation(), results.get(i).validation());
      }
    }
  }

  private List<EpochResult> twoTasks(Path file, int stopAt, @Nullable Path from) {
    try (Backend backend = open();
        Trainer trainer =
            Trainer.of(new GraphModels.TwoInputs(), backend)
                .losses(terms(Losses.crossEntropy().classWeights(0.5, 2, 1, 0.25)))
                .updates(ADAM)
                .metrics(Metrics.accuracy())
                .listener(stopper(stopAt))
                .build()) {
      if (from != null) {
        trainer.resume(from);
      }
      List<EpochResult> results = new ArrayList<>(trainer.fit(twoTasks().batch(2), twoTasks(), 3));
      trainer.save(file);
      return results;
    }
  }

  /** Two batches an update are as one batch of both. */
  @Test
  void severalLossesAccumulate() {
    assumeFalse(inDouble());
    Batches whole = new Batches(twoTasks(), 8, false);
    Batches halves = new Batches(twoTasks(), 4, false);
    try (Backend backend = open();
        Trainer one = accumulating(backend, 1);
        Trainer two = accumulating(backend, 2)) {
      one.fit(whole, null, 5);
      two.fit(halves, null, 5);
      TrainStep expected = one.prepare(whole);
      TrainStep actual = two.prepare(halves);
      for (int i = 0; i < expected.parameterStates().size(); i++) {
        State state = actual.parameterStates().get(i);
        HostTensor value = expected.read(expected.parameterStates().get(i));
        Compare.assertClose(value, actual.read(state), 1e-5, state.name());
      }
    }
  }

  private static Trainer accumulating(Backend backend, int batches) {
    return Trainer.of(new GraphModels.TwoInputs(), backend)
        .losses(terms(Losses.crossEntropy()))
        .updates(Updates.of(Sgd.lr(0.5).momentum(0.5)).accumulate(batches))
        .build();
  }

  /** The examples of {@link #twoInputsAndTwoOutputs}. */
  private static Dataset twoTasks() {
    JsonObject given = NUMBERS.object("two_inputs");
    HostTensor x = PyTorchNumbers.tensor(PyTorchNumbers.numbers(given, "x"), Shape.of(8, 5), false);
    HostTensor wanted =
        PyTorchNumbers.tensor(PyTorchNumbers.numbers(given, "wanted"), Shape.of(8, 2), false);
    return ArrayDataset.of(
        List.of(x, ints(given, "words", 8, 3)), List.of(ints(given, "labels", 8), wanted), 4, 0);
  }

  // ---- Helpers -------------------------------------------------------------------------------

  private static TrainingListener stopper(int stopAt) {
    return new TrainingListener() {
      @Override
      public void onStep(Trainer trainer, Progress progress) {
        if (progress.step() == stopAt) {
          trainer.stop();
        }
      }
    };
  }

  /** Each element agrees within 1e-5 of the tensor's largest. */
  private static void assertRelative(String what, HostTensor expected, HostTensor actual) {
    double scale = Arrays.stream(expected.toDoubles()).map(Math::abs).max().orElse(0);
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i), actual.get(i), 1e-5 * scale, what + "[" + i + "]");
    }
  }
}
