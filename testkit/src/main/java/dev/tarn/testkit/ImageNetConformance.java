package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Module;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Sgd;
import dev.tarn.optim.Updates;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole steps of convolutional nets: loss, every gradient, running statistics and update, against
 * the reference and against PyTorch.
 */
public abstract class ImageNetConformance {
  private static final PyTorchNumbers NUMBERS = PyTorchNumbers.read("model_numbers");
  private static final int BATCH = 5;

  /** Starts the backend under test. */
  protected abstract Backend open();

  /** Whether the backend computes in double. */
  protected boolean inDouble() {
    return false;
  }

  /**
   * The precisions below fp32 in which the reference runs the same transformed program as the
   * backend.
   */
  protected List<Precision> shortPrecisions() {
    return List.of();
  }

  private static Module net(String name, int filters, int classes, double dropout) {
    return name.equals("cnn")
        ? ImageNets.cnn(filters, classes, dropout)
        : ImageNets.residual(filters, classes);
  }

  private static TrainStep step(Backend backend, Module net, Optimizer optimizer, Shape image) {
    return new TrainStep(backend, net, Losses.crossEntropy(), optimizer, List.of(), image, 7);
  }

  // ---- The reference -------------------------------------------------------------------------

  private static TrainStep digits(Backend backend, String name) {
    Optimizer optimizer = Sgd.lr(0.1).momentum(0.9).weightDecay(0.01);
    return step(backend, net(name, 5, 10, 0.3), optimizer, Shape.of(1, 8, 8));
  }

  /** The same with channels that fill whole accesses. */
  private static TrainStep digits(Backend backend, String name, Precision precision) {
    return new TrainStep(
        backend,
        net(name, 8, 10, 0.3),
        List.of(Term.of(0, Losses.crossEntropy())),
        Updates.of(Sgd.lr(0.1).momentum(0.9).weightDecay(0.01)),
        List.of(),
        List.of(Spec.f32(1, 8, 8)),
        7,
        precision);
  }

  /**
   * From the same state, one step agrees with the reference; ten states of a training are tried.
   */
  @ParameterizedTest
  @ValueSource(strings = {"cnn", "residual"})
  void oneStepEqualsTheReference(String name) {
    Assumptions.assumeFalse(inDouble(), "the reference in f32 is the judge");
    Batches batches = batches();
    try (Backend backend = open();
        Backend reference = new ReferenceBackend();
        TrainStep actual = digits(backend, name);
        TrainStep expected = digits(reference, name)) {
      for (int i = 0; i < 10; i++) {
        List<State> states = expected.checkpointStates();
        for (int s = 0; s < states.size(); s++) {
          actual.write(actual.checkpointStates().get(s), expected.read(states.get(s)));
        }
        train(actual, i, batches);
        train(expected, i, batches);
        assertStepsEqual(expected, actual, 1e-5, "step " + i);
      }
    }
  }

  /**
   * Left to themselves for ten steps, backend and reference stay together: rounding grows, but
   * nothing else makes them differ.
   */
  @ParameterizedTest
  @ValueSource(strings = {"cnn", "residual"})
  void tenStepsEqualTheReference(String name) {
    Assumptions.assumeFalse(inDouble(), "the reference in f32 is the judge");
    Batches batches = batches();
    try (Backend backend = open();
        Backend reference = new ReferenceBackend();
        TrainStep actual = digits(backend, name);
        TrainStep expected = digits(reference, name)) {
      for (int i = 0; i < 10; i++) {
        train(actual, i, batches);
        train(expected, i, batches);
        assertStepsEqual(expected, actual, 1e-4, "step " + i);
      }
    }
  }

  /**
   * In short types sums of another order round differently, and a ReLU may fall on its other side:
   * all gradients and states of a step are nearer to the reference's in the same precision than
   * those are to fp32.
   */
  @ParameterizedTest
  @ValueSource(strings = {"cnn", "residual"})
  void aStepInShortTypesIsNearTheReference(String name) {
    Assumptions.assumeFalse(
        shortPrecisions().isEmpty(), "every precision has arithmetic of its own");
    List<HostTensor> wide = afterTwoSteps(new ReferenceBackend(), name, Precision.FP32);
    for (Precision precision : shortPrecisions()) {
      List<HostTensor> expected = afterTwoSteps(new ReferenceBackend(), name, precision);
      List<HostTensor> actual = afterTwoSteps(open(), name, precision);
      double rounding = Compare.distance(expected, wide);
      assertNotEquals(0, rounding, precision + " changes nothing");
      double distance = Compare.distance(expected, actual);
      assertTrue(
          distance < 0.6 * rounding, precision + ": " + distance + " away, rounding " + rounding);
    }
  }

  private static List<HostTensor> afterTwoSteps(Backend backend, String name, Precision precision) {
    Batches batches = batches();
    try (backend;
        TrainStep step = digits(backend, name, precision)) {
      train(step, 0, batches);
      train(step, 1, batches);
      List<HostTensor> values = new ArrayList<>(step.gradients().values());
      step.checkpointStates().forEach(state -> values.add(step.read(state)));
      return values;
    }
  }

  private static Batches batches() {
    Dataset images = Datasets.digits();
    Batches batches = new Batches(images, BATCH, true);
    batches.startEpoch(1, 0);
    return batches;
  }

  /** Pixels in [0, 1], as images of one channel. */
  private static void train(TrainStep step, int i, Batches batches) {
    Batch batch = batches.load(i);
    float[] pixels = batch.feature().floats().clone();
    for (int p = 0; p < pixels.length; p++) {
      pixels[p] /= 16;
    }
    step.train(
        i + 1,
        new Batch(
            HostTensor.of(pixels, Shape.of(batch.size(), 1, 8, 8)),
            HostTensor.of(batch.target().ints().clone(), batch.size())));
  }

  private static void assertStepsEqual(
      TrainStep expected, TrainStep actual, double tolerance, String where) {
    double loss = expected.takeSums()[0];
    assertEquals(loss, actual.takeSums()[0], tolerance * loss, where + ": loss");
    Map<String, HostTensor> gradients = expected.gradients();
    assertNotEquals(0, gradients.size());
    actual
        .gradients()
        .forEach(
            (key, value) ->
                assertRelative(where + ": " + key, gradients.get(key), value, tolerance));
    List<State> states = expected.checkpointStates();
    for (int s = 0; s < states.size(); s++) {
      assertRelative(
          where + ": " + states.get(s).name(),
          expected.read(states.get(s)),
          actual.read(actual.checkpointStates().get(s)),
          tolerance);
    }
  }

  /** Each element agrees relative to the tensor's largest. */
  private static void assertRelative(
      String what, HostTensor expected, HostTensor actual, double tolerance) {
    double scale = Arrays.stream(expected.toDoubles()).map(Math::abs).max().orElse(0);
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i), actual.get(i), tolerance * scale, what + "[" + i + "]");
    }
  }

  // ---- PyTorch -------------------------------------------------------------------------------

  /** Ten steps without dropout: losses, the first gradients, parameters and running statistics. */
  @ParameterizedTest
  @ValueSource(strings = {"cnn", "residual"})
  void tenStepsEqualPyTorch(String name) {
    JsonObject given = NUMBERS.object(name);
    JsonObject expected = given.getAsJsonObject("float64").deepCopy();
    boolean cnn = name.equals("cnn");
    Shape image = cnn ? Shape.of(1, 6, 6) : Shape.of(1, 5, 5);
    double[] labels = PyTorchNumbers.numbers(given, "labels");
    int[] classes = Arrays.stream(labels).mapToInt(label -> (int) label).toArray();
    double[] pixels = PyTorchNumbers.numbers(given, "x");
    Batch batch =
        new Batch(
            PyTorchNumbers.tensor(pixels, image.prepend(classes.length), inDouble()),
            HostTensor.of(classes, classes.length));
    Optimizer optimizer = Sgd.lr(0.05).momentum(0.9).weightDecay(cnn ? 0 : 0.01);
    try (Backend backend = open();
        TrainStep step = step(backend, net(name, 3, 3, 0), optimizer, image)) {
      JsonObject start = given.getAsJsonObject("parameters");
      for (State parameter : step.parameterStates()) {
        if (!start.has(parameter.name())) {
          continue; // a running statistic, which starts as in PyTorch
        }
        double[] values = PyTorchNumbers.numbers(start, parameter.name());
        step.write(parameter, PyTorchNumbers.tensor(values, parameter.spec().shape(), inDouble()));
      }
      double[] losses = PyTorchNumbers.numbers(expected, "losses");
      for (int i = 0; i < losses.length; i++) {
        step.train(i + 1, batch);
        double loss = step.takeSums()[0] / classes.length;
        assertEquals(losses[i], loss, tolerance() * losses[i], "loss " + i);
        if (i == 0) {
          JsonObject gradients = expected.getAsJsonObject("gradients");
          assertEquals(gradients.keySet(), step.gradients().keySet());
          step.gradients().forEach((key, value) -> assertClose(gradients, key, value));
        }
      }
      for (State state : step.checkpointStates()) {
        for (String part : List.of("parameters", "statistics")) {
          JsonObject numbers = expected.getAsJsonObject(part);
          if (numbers.has(state.name())) {
            assertClose(numbers, state.name(), step.read(state));
            numbers.remove(state.name());
          }
        }
      }
      assertEquals(0, expected.getAsJsonObject("parameters").size());
      assertEquals(0, expected.getAsJsonObject("statistics").size());
    }
  }

  private double tolerance() {
    return inDouble() ? 1e-10 : 1e-5;
  }

  private void assertClose(JsonObject numbers, String name, HostTensor actual) {
    double[] expected = PyTorchNumbers.numbers(numbers, name);
    Compare.assertClose(HostTensor.of(expected, actual.shape()), actual, tolerance(), name);
  }
}
