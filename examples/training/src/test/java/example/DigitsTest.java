package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.data.ArrayDataset;
import dev.tarn.nn.Module;
import dev.tarn.optim.Sgd;
import dev.tarn.predict.Predictor;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Trainer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigitsTest {
  @TempDir Path directory;

  @Test
  void learnsDigitsAndPredictsThem() {
    Path file = directory.resolve("digits.safetensors");
    Evaluation test = Digits.train(10, file);
    assertTrue(test.get("accuracy") > 0.9, test.toString());
    try (Predictor predictor =
        Predictor.of(new Digits.Net(), file).loss(new FocalLoss(2)).build()) {
      var blank = List.of(HostTensor.zeros(predictor.features().get(0)));
      var sum = 0.0;
      for (float p : predictor.predict(blank).values()) {
        sum += p;
      }
      assertEquals(1, sum, 1e-5);
    }
  }

  /** The loss of logits (ln 3, 0) is known: p is 3/4 for class 0 and 1/4 for class 1. */
  @Test
  void focalLossIsWhatTheFormulaSays() {
    HostTensor logits = HostTensor.of(new float[] {(float) Math.log(3), 0, (float) Math.log(3), 0}, 2, 2);
    HostTensor classes = HostTensor.of(new int[] {0, 1}, 2);
    double expected =
        (-Math.pow(1 / 4.0, 2) * Math.log(3 / 4.0) - Math.pow(3 / 4.0, 2) * Math.log(1 / 4.0)) / 2;
    try (Backend backend = Backends.named("reference");
        Trainer trainer =
            Trainer.of(new Identity(), backend)
                .loss(new FocalLoss(2))
                .optimizer(Sgd.lr(0.1))
                .build()) {
      Evaluation evaluation = trainer.evaluate(new ArrayDataset(logits, classes, 2));
      assertEquals(expected, evaluation.loss(), 1e-6);
    }
  }

  /** Gives its input. It has nothing to train, but can be evaluated. */
  private static final class Identity extends Module {
    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return x;
    }
  }
}
