package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Precision;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.ir.Program;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Activation;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Adam;
import dev.tarn.train.Metrics;
import dev.tarn.train.Trainer;
import dev.tarn.transform.Bf16AsF32;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.MixedPrecision;
import dev.tarn.transform.Simplify;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Trainings in bf16 become as good as those in fp32. */
class PrecisionTrainingTests {
  private static final int SEEDS = 5;
  private static final int EPOCHS = 10;

  /** The mean of a test accuracy over the seeds may be lower by so much. */
  private static final double MARGIN = 0.005;

  /**
   * The CPU computing what a backend computes that stores bf16: activations between products are
   * rounded to bf16 by the tapes.
   */
  private record Storing(CpuBackend cpu) implements Backend {
    @Override
    public String name() {
      return cpu.name();
    }

    @Override
    public String description() {
      return cpu.description();
    }

    @Override
    public StateStore allocate(List<? extends State> states) {
      return cpu.allocate(states);
    }

    @Override
    public Executable compile(List<Program> programs, StateStore store, Precision precision) {
      return cpu.compile(programs.stream().map(Storing::prepare).toList(), store);
    }

    private static Program prepare(Program program) {
      Program mixed = MixedPrecision.apply(Simplify.apply(program), Precision.BF16);
      return Bf16AsF32.apply(FuseElementwise.apply(mixed, true, node -> false));
    }

    @Override
    public void close() {
      cpu.close();
    }
  }

  @Test
  void accuracy() {
    double full = accuracy(new CpuBackend(), Precision.FP32);
    double math = accuracy(new CpuBackend(), Precision.BF16);
    double stored = accuracy(new Storing(new CpuBackend()), Precision.BF16);
    String text = "fp32 " + full + ", bf16 math " + math + ", bf16 stored " + stored;
    assertTrue(full > 0.95, text);
    assertTrue(math > full - MARGIN && stored > full - MARGIN, text);
  }

  /** The mean test accuracy of the small convolutional network of the examples. */
  private static double accuracy(Backend opened, Precision precision) {
    try (Backend backend = opened) {
      double sum = 0;
      for (int seed = 0; seed < SEEDS; seed++) {
        Dataset.Split data = Datasets.digits().split(0.5, 0, 0.5, seed);
        try (Trainer trainer =
            Trainer.of(network(), backend)
                .loss(Losses.crossEntropy())
                .optimizer(Adam.lr(0.002))
                .metrics(Metrics.accuracy())
                .seed(seed)
                .precision(precision)
                .build()) {
          trainer.fit(data.train().batch(32), null, EPOCHS);
          sum += trainer.evaluate(data.test()).values().get("accuracy");
        }
      }
      return sum / SEEDS;
    }
  }

  private static Sequential network() {
    return Sequential.of(
        Activation.of(x -> x.mul(1.0 / 16).reshape(-1, 1, 8, 8)),
        Conv2d.filters(16).kernel(3).same(),
        Activation.relu(),
        Conv2d.filters(32).kernel(3).stride(2).padding(1),
        Activation.relu(),
        Activation.flatten(),
        Dropout.rate(0.2),
        Dense.units(10));
  }
}
