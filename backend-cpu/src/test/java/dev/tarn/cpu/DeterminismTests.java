package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Shape;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.data.Batches.Batch;
import dev.tarn.internal.RandomStream;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.Module;
import dev.tarn.optim.Adam;
import dev.tarn.testkit.ChildJvm;
import dev.tarn.train.Metrics;
import dev.tarn.train.TrainStep;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The same training gives the same bits, interpreted or compiled, in this JVM and in another. */
final class DeterminismTests {
  private static final class Net extends Module {
    private final Dense first = child("first", Dense.units(96));
    private final Dropout dropout = child("dropout", Dropout.rate(0.25));
    private final Dense second = child("second", Dense.units(48));
    private final Dense third = child("third", Dense.units(10));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      Tensor h = dropout.forward(first.forward(x, mode).tanh(), mode);
      Tensor g = second.forward(h, mode);
      Tensor e = g.mul(g.sigmoid()).add(g.abs().add(1).log()).exp().relu();
      Tensor power = g.abs().add(0.5).pow(1.3).mul(g.square().add(1).rsqrt());
      Tensor others = g.erf().add(g.expm1()).add(g.abs().log1p()).mul(g.sign());
      return third.forward(e.add(power).add(others.mul(0.1)), mode);
    }
  }

  /** Trains some steps and prints a hash of every state. */
  static final class Train {
    private Train() {}

    public static void main(String[] arguments) {
      System.out.println("hash " + hash(Integer.parseInt(arguments[0])));
    }
  }

  private static int hash(int steps) {
    RandomStream random = new RandomStream(7, "data");
    float[] x = new float[80 * 60];
    int[] labels = new int[80];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < labels.length; i++) {
      labels[i] = random.nextInt(10);
    }
    Batch batch = new Batch(HostTensor.of(x, 80, 60), HostTensor.of(labels, 80));
    int hash = 0;
    try (CpuBackend backend = new CpuBackend();
        TrainStep step =
            new TrainStep(
                backend,
                new Net(),
                Losses.crossEntropy(),
                Adam.lr(1e-2),
                List.of(Metrics.accuracy()),
                Shape.of(60),
                5)) {
      for (int i = 1; i <= steps; i++) {
        step.train(i, batch);
      }
      assertEquals(0, step.failedStep());
      for (State state : step.checkpointStates()) {
        hash = 31 * hash + Arrays.hashCode(step.read(state).toDoubles());
      }
      hash = 31 * hash + Arrays.hashCode(step.takeSums());
    }
    return hash;
  }

  private static String child(String... options) throws IOException, InterruptedException {
    ChildJvm child = new ChildJvm(Train.class).timeoutSeconds(120).property("tarn.threads", 2);
    for (String option : options) {
      child.option(option);
    }
    String output = child.run(40).output();
    assertTrue(output.contains("hash "), output);
    return output.replaceAll("(?s).*hash (-?\\d+).*", "$1");
  }

  @Test
  void interpreterAndCompilersAgree() throws IOException, InterruptedException {
    String compiled = child();
    assertEquals(compiled, child("-Xint"));
    assertEquals(compiled, child("-XX:TieredStopAtLevel=1"));
    assertEquals(compiled, child("-XX:-TieredCompilation", "-Xbatch", "-XX:CompileThreshold=10"));
  }

  @Test
  void runsAgree() {
    int first = hash(60);
    for (int i = 0; i < 5; i++) {
      assertEquals(first, hash(60));
    }
  }
}
