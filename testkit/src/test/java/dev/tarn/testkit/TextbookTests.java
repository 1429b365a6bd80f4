package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Shape;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.loss.Loss;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Activation;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Initializer;
import dev.tarn.nn.Initializers;
import dev.tarn.nn.Module;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Sgd;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Examples that every introduction works out by hand. */
final class TextbookTests {
  private static final HostTensor CORNERS =
      HostTensor.of(new float[] {0, 0, 0, 1, 1, 0, 1, 1}, 4, 2);

  /** One weight and one bias, both 0 at the start. */
  private static final class Line extends Module {
    private final Initializer zeros = Initializers.zeros();

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      Tensor w = x.trace().state(parameter("w", Shape.of(1, 1), zeros, true));
      Tensor b = x.trace().state(parameter("b", Shape.of(1), zeros, false));
      return x.matmul(w, false, true).add(b);
    }
  }

  /** y = 2 x on 1, 2, 3, 4: dL/dw = 2 mean((0 - 2 x) x) = -30, dL/db = 2 mean(0 - 2 x) = -10. */
  @Test
  void oneStepTowardsALine() {
    line(ReferenceBackend.inDouble(), 0);
    line(new ReferenceBackend(), 1e-6);
  }

  private static void line(Backend opened, double tolerance) {
    HostTensor x = HostTensor.of(new float[] {1, 2, 3, 4}, 4, 1);
    HostTensor y = HostTensor.of(new float[] {2, 4, 6, 8}, 4, 1);
    try (Backend backend = opened;
        TrainStep step =
            new TrainStep(
                backend, new Line(), Losses.mse(), Sgd.lr(0.01), List.of(), Shape.of(1), 0)) {
      step.train(1, new Batch(x, y));
      assertEquals(30, step.takeSums()[0] / 4, tolerance);
      double[] expected = {0.3, 0.1};
      for (int i = 0; i < 2; i++) {
        State parameter = step.parameterStates().get(i);
        assertEquals(expected[i], step.read(parameter).item(), tolerance, parameter.name());
      }
    }
  }

  private static int learned(Module model, Loss loss, Optimizer optimizer, float[] targets, int n) {
    Dataset data = ArrayDataset.ofNumbers(CORNERS, HostTensor.of(targets, 4, 1));
    try (Backend backend = new ReferenceBackend();
        Trainer trainer =
            Trainer.of(model, backend).loss(loss).optimizer(optimizer).seed(1).build()) {
      trainer.fit(data.batch(4), null, n);
      float[] outputs = trainer.predict(CORNERS).floats();
      double middle = loss.toString().startsWith("perceptron") ? 0 : 0.5;
      int right = 0;
      for (int i = 0; i < 4; i++) {
        right += (outputs[i] > middle) == (targets[i] > middle) ? 1 : 0;
      }
      return right;
    }
  }

  private static int perceptron(float... targets) {
    Module single = Dense.units(1).weights(Initializers.zeros());
    return learned(single, Losses.perceptron(), Sgd.lr(1), targets, 100);
  }

  @Test
  void thePerceptronLearnsWhatALineSeparates() {
    assertEquals(4, perceptron(-1, -1, -1, 1), "AND");
    assertEquals(4, perceptron(1, 1, 1, -1), "NAND");
    assertEquals(4, perceptron(-1, 1, 1, 1), "OR");
  }

  /** Minsky and Papert 1969: no line separates exclusive or. */
  @Test
  void exclusiveOrNeedsTwoLayers() {
    float[] either = {-1, 1, 1, -1};
    int right = perceptron(either);
    assertTrue(right < 4, right + " of 4");
    Module two = Sequential.of(Dense.units(4), Activation.tanh(), Dense.units(1));
    float[] asBits = {0, 1, 1, 0};
    Loss loss = Losses.binaryCrossEntropyWithLogits();
    assertEquals(4, learned(two, loss, Adam.lr(0.05), asBits, 300));
  }
}
