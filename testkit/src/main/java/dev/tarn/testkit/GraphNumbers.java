package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches.Batch;
import dev.tarn.loss.CrossEntropy;
import dev.tarn.loss.Losses;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Updates;
import dev.tarn.train.Term;
import dev.tarn.train.TrainStep;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ten steps of models of several inputs, outputs and losses against the numbers of PyTorch. */
public abstract class GraphNumbers {
  static final PyTorchNumbers NUMBERS = PyTorchNumbers.read("graph_numbers");
  static final Updates ADAM = Updates.of(Adam.lr(0.05));

  /** Starts the backend under test. */
  protected abstract Backend open();

  /** Whether the backend computes in double. */
  protected boolean inDouble() {
    return false;
  }

  /** Two inputs, one of integers; a layer that is used twice; two outputs with a loss each. */
  @Test
  void twoInputsAndTwoOutputs() {
    twoInputsAndTwoOutputs("plain", Losses.crossEntropy());
  }

  /** The same where the examples of one of the losses count differently. */
  @Test
  void oneWeightedLossOfTwo() {
    twoInputsAndTwoOutputs("class_weights", Losses.crossEntropy().classWeights(0.5, 2, 1, 0.25));
  }

  static Term[] terms(CrossEntropy classes) {
    return new Term[] {
      Term.of(0, classes).weight(0.75).named("classes"),
      Term.of(1, Losses.mse()).weight(0.25).named("value")
    };
  }

  private void twoInputsAndTwoOutputs(String name, CrossEntropy loss) {
    JsonObject given = NUMBERS.object("two_inputs");
    JsonObject expected = NUMBERS.object("two_inputs", type(), name);
    Batch batch =
        new Batch(
            List.of(tensor(given, "x", 8, 5), ints(given, "words", 8, 3)),
            List.of(ints(given, "labels", 8), tensor(given, "wanted", 8, 2)));
    List<Spec> features = List.of(Spec.f32(5), Spec.i32(3));
    try (Backend backend = open();
        TrainStep step =
            new TrainStep(
                backend,
                new GraphModels.TwoInputs(),
                List.of(terms(loss)),
                ADAM,
                List.of(),
                features,
                0)) {
      begin(step, given);
      double weights = 8;
      if (loss.weighted()) {
        step.evaluate(batch);
        weights = step.takeSums()[2];
        assertEquals(7.5, weights, 1e-6, "two labels of each class");
      }
      List<HostTensor> predictions = step.predict(batch.features());
      for (int i = 0; i < 2; i++) {
        double[] wanted = PyTorchNumbers.numbers(expected.getAsJsonArray("predictions").get(i));
        assertClose(wanted, predictions.get(i), "prediction " + i);
      }
      for (int i = 0; i < 10; i++) {
        step.train(i + 1, batch);
        if (i == 0) {
          assertGradients(expected, step);
        }
        double[] sums = step.takeSums();
        assertLoss(expected, "classes", i, sums[0] / weights);
        assertLoss(expected, "value", i, sums[1] / 8);
        assertLoss(expected, "losses", i, 0.75 * sums[0] / weights + 0.25 * sums[1] / 8);
      }
      assertParameters(expected, step);
    }
  }

  /** Generator and discriminator in one program, each with an optimizer of its own. */
  @Test
  void generatorAgainstDiscriminator() {
    JsonObject given = NUMBERS.object("gan");
    JsonObject expected = NUMBERS.object("gan", type());
    List<Term> terms =
        List.of(
            Term.of(0, Losses.binaryCrossEntropyWithLogits())
                .constantTarget(1)
                .weight(0.5)
                .trains("discriminator.*"),
            Term.of(1, Losses.binaryCrossEntropyWithLogits())
                .constantTarget(0)
                .weight(0.5)
                .trains("discriminator.*"),
            Term.of(1, Losses.binaryCrossEntropyWithLogits())
                .constantTarget(1)
                .trains("generator.*"));
    Updates updates =
        Updates.of(Adam.lr(0.05)).group("generator.*", Adam.lr(0.02).betas(0.5, 0.999));
    List<Spec> features = List.of(Spec.f32(3), Spec.f32(2));
    HostTensor real = tensor(given, "real", 8, 3);
    double[] noise = PyTorchNumbers.numbers(given, "noise");
    try (Backend backend = open();
        TrainStep step =
            new TrainStep(backend, new GraphModels.Gan(), terms, updates, List.of(), features, 0)) {
      begin(step, given);
      for (int i = 0; i < 10; i++) {
        double[] drawn = Arrays.copyOfRange(noise, i * 16, (i + 1) * 16);
        HostTensor z = PyTorchNumbers.tensor(drawn, Shape.of(8, 2), inDouble());
        step.train(i + 1, new Batch(List.of(real, z), List.of()));
        if (i == 0) {
          assertGradients(expected, step);
        }
        double[] sums = step.takeSums();
        assertLoss(expected, "real", i, sums[0] / 8);
        assertLoss(expected, "fake", i, sums[1] / 8);
        assertLoss(expected, "fooled", i, sums[2] / 8);
      }
      assertParameters(expected, step);
    }
  }

  // ---- Helpers -------------------------------------------------------------------------------

  private String type() {
    return inDouble() ? "float64" : "float32";
  }

  private double tolerance() {
    return inDouble() ? 1e-10 : 1e-5;
  }

  private HostTensor tensor(JsonObject given, String key, int... dims) {
    return PyTorchNumbers.tensor(PyTorchNumbers.numbers(given, key), Shape.of(dims), inDouble());
  }

  static HostTensor ints(JsonObject given, String key, int... dims) {
    double[] values = PyTorchNumbers.numbers(given, key);
    return HostTensor.of(Arrays.stream(values).mapToInt(v -> (int) v).toArray(), dims);
  }

  private void begin(TrainStep step, JsonObject given) {
    JsonObject parameters = given.getAsJsonObject("parameters");
    assertEquals(parameters.size(), step.parameterStates().size());
    for (State parameter : step.parameterStates()) {
      double[] values = PyTorchNumbers.numbers(parameters, parameter.name());
      step.write(parameter, PyTorchNumbers.tensor(values, parameter.spec().shape(), inDouble()));
    }
  }

  private void assertLoss(JsonObject expected, String name, int step, double actual) {
    double wanted = PyTorchNumbers.numbers(expected, name)[step];
    assertEquals(wanted, actual, tolerance() * Math.max(1, wanted), name + " " + step);
  }

  private void assertGradients(JsonObject expected, TrainStep step) {
    step.gradients()
        .forEach(
            (name, gradient) ->
                assertClose(
                    PyTorchNumbers.numbers(expected.getAsJsonObject("gradients"), name),
                    gradient,
                    "gradient of " + name));
  }

  private void assertParameters(JsonObject expected, TrainStep step) {
    for (State parameter : step.parameterStates()) {
      assertClose(
          PyTorchNumbers.numbers(expected.getAsJsonObject("parameters"), parameter.name()),
          step.read(parameter),
          parameter.name());
    }
  }

  private void assertClose(double[] expected, HostTensor actual, String what) {
    Compare.assertClose(HostTensor.of(expected, actual.shape()), actual, tolerance(), what);
  }
}
