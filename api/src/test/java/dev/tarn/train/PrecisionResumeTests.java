package dev.tarn.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tarn.Precision;
import dev.tarn.TarnException;
import dev.tarn.data.Batches;
import dev.tarn.data.Datasets;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Activation;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Sequential;
import dev.tarn.optim.Adam;
import dev.tarn.reference.ReferenceBackend;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint knows the precision of its training. */
class PrecisionResumeTests {
  private static Trainer trainer(Precision precision) {
    return Trainer.of(
            Sequential.of(Dense.units(8), Activation.tanh(), Dense.units(3)),
            new ReferenceBackend())
        .loss(Losses.crossEntropy())
        .optimizer(Adam.lr(0.01))
        .seed(3)
        .precision(precision)
        .build();
  }

  private static Batches data() {
    return Datasets.iris().batch(50);
  }

  @Test
  void continuesOnlyInThePrecisionItWasSavedIn(@TempDir Path directory) {
    Path file = directory.resolve("half.safetensors");
    double expected;
    try (Trainer whole = trainer(Precision.BF16)) {
      whole.fit(data(), null, 2);
      whole.save(file);
      expected = whole.fit(data(), null, 4).get(1).train().loss();
    }
    try (Trainer resumed = trainer(Precision.BF16)) {
      resumed.resume(file);
      assertEquals(expected, resumed.fit(data(), null, 4).get(1).train().loss());
    }
    try (Trainer other = trainer(Precision.FP32)) {
      TarnException e = assertThrows(TarnException.class, () -> other.resume(file));
      assertEquals(
          file
              + ": trained with precision bf16, not fp32: resume in that precision, or start anew"
              + " from its weights",
          e.getMessage());
      other.load(file);
      other.fit(data(), null, 1);
    }
  }
}
