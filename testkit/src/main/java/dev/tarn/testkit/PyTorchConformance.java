package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches.Batch;
import dev.tarn.loss.Losses;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Sgd;
import dev.tarn.train.TrainStep;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Losses, gradients and ten steps of each optimizer against the numbers of PyTorch. */
public abstract class PyTorchConformance {
  /** Starts the backend under test. */
  protected abstract Backend open();

  /** Whether the backend computes in double. */
  protected boolean inDouble() {
    return false;
  }

  /** The tolerance, relative to max(1, |value|). */
  protected double tolerance() {
    return inDouble() ? 1e-10 : 1e-5;
  }

  @TestFactory
  Stream<DynamicTest> tenStepsEqualPyTorch() {
    Map<String, Optimizer> optimizers = new LinkedHashMap<>();
    optimizers.put("sgd", Sgd.lr(0.1));
    optimizers.put("sgd_momentum", Sgd.lr(0.05).momentum(0.9));
    optimizers.put("sgd_momentum_weight_decay", Sgd.lr(0.05).momentum(0.9).weightDecay(0.01));
    optimizers.put("sgd_nesterov", Sgd.lr(0.05).nesterov(0.9));
    optimizers.put("adam", Adam.lr(0.01));
    optimizers.put("adamw", Adam.lr(0.01).decoupledWeightDecay(0.1));
    return optimizers.entrySet().stream()
        .map(
            entry ->
                DynamicTest.dynamicTest(
                    entry.getKey(), () -> equalsPyTorch(entry.getKey(), entry.getValue())));
  }

  private void equalsPyTorch(String name, Optimizer optimizer) {
    PyTorchNumbers numbers = PyTorchNumbers.read();
    JsonObject mlp = numbers.object("mlp");
    JsonObject expected = numbers.object("mlp", inDouble() ? "float64" : "float32");
    JsonObject run = expected.getAsJsonObject("optimizers").getAsJsonObject(name);
    double[] labels = PyTorchNumbers.numbers(mlp, "labels");
    int[] classes = new int[labels.length];
    for (int i = 0; i < labels.length; i++) {
      classes[i] = (int) labels[i];
    }
    HostTensor x =
        PyTorchNumbers.tensor(PyTorchNumbers.numbers(mlp, "x"), Shape.of(8, 5), inDouble());
    Batch batch = new Batch(x, HostTensor.of(classes, 8));
    try (Backend backend = open();
        TrainStep step =
            new TrainStep(
                backend,
                new Mlp(7, 6, 4, 0),
                Losses.crossEntropy(),
                optimizer,
                List.of(),
                Shape.of(5),
                0)) {
      for (State parameter : step.parameterStates()) {
        double[] values =
            PyTorchNumbers.numbers(mlp.getAsJsonObject("parameters"), parameter.name());
        step.write(parameter, PyTorchNumbers.tensor(values, parameter.spec().shape(), inDouble()));
      }
      double[] losses = PyTorchNumbers.numbers(run, "losses");
      for (int i = 0; i < losses.length; i++) {
        step.train(i + 1, batch);
        assertClose("loss " + i, losses[i], step.takeSums()[0] / 8, tolerance());
        if (i == 0) {
          step.gradients()
              .forEach(
                  (key, gradient) ->
                      assertClose(
                          "gradient of " + key,
                          PyTorchNumbers.numbers(expected.getAsJsonObject("gradients"), key),
                          gradient,
                          tolerance()));
        }
      }
      for (State state : step.checkpointStates()) {
        String[] part = state.name().split("\\.", 3);
        if (part[0].equals("optimizer") && name.equals("adam")) {
          String moment = part[1].equals("m") ? "exp_avg" : "exp_avg_sq";
          assertClose(
              state.name(),
              PyTorchNumbers.numbers(run.getAsJsonObject(moment), part[2]),
              step.read(state),
              tolerance());
        }
      }
      for (State parameter : step.parameterStates()) {
        assertClose(
            parameter.name(),
            PyTorchNumbers.numbers(run.getAsJsonObject("parameters"), parameter.name()),
            step.read(parameter),
            tolerance());
      }
    }
  }

  private static void assertClose(
      String what, double[] expected, HostTensor actual, double tolerance) {
    assertEquals(expected.length, actual.size(), what);
    for (int i = 0; i < expected.length; i++) {
      assertClose(what + "[" + i + "]", expected[i], actual.get(i), tolerance);
    }
  }

  private static void assertClose(String what, double expected, double actual, double tolerance) {
    assertEquals(expected, actual, tolerance * Math.max(1, Math.abs(expected)), what);
  }
}
