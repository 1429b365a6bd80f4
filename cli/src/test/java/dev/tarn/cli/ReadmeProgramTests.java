package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Mode;
import dev.tarn.Tensor;
import dev.tarn.backend.Backends;
import dev.tarn.data.Datasets;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;
import dev.tarn.optim.Adam;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Metrics;
import dev.tarn.train.Trainer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program a library user writes. */
final class ReadmeProgramTests {
  @TempDir private Path directory;

  static final class Net extends Module {
    private final Dense hidden = child("hidden", Dense.units(64));
    private final Dense out = child("out", Dense.units(10));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return out.forward(hidden.forward(x, mode).relu(), mode);
    }
  }

  @Test
  void trainsEvaluatesSavesAndLoads() {
    Path file = directory.resolve("digits.safetensors");
    var data = Datasets.digits().split(0.8, 0.1, 0.1, 42);
    Evaluation test;
    try (var backend = Backends.auto();
        var trainer =
            Trainer.of(new Net(), backend)
                .loss(Losses.crossEntropy())
                .optimizer(Adam.lr(1e-3))
                .metrics(Metrics.accuracy())
                .seed(42)
                .build()) {
      trainer.fit(data.train().batch(64), data.validation(), 20);
      test = trainer.evaluate(data.test());
      trainer.save(file);
    }
    assertTrue(test.get("accuracy") > 0.93, test.toString());
    try (var backend = Backends.auto();
        var trainer =
            Trainer.of(new Net(), backend)
                .loss(Losses.crossEntropy())
                .optimizer(Adam.lr(1e-3))
                .metrics(Metrics.accuracy())
                .build()) {
      trainer.load(file);
      assertEquals(test, trainer.evaluate(data.test()));
    }
  }
}
