package example;

import dev.tarn.Mode;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Module;
import dev.tarn.optim.Adam;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Metrics;
import dev.tarn.train.Trainer;
import java.nio.file.Path;

/** Trains a network with a layer and a loss of our own, and saves it. */
public final class Digits {
  private Digits() {}

  /** From 64 pixels to ten classes. */
  public static final class Net extends Module {
    private final GatedDense hidden = child("hidden", new GatedDense(48));
    private final Dense out = child("out", Dense.units(10));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      return out.forward(hidden.forward(x.mul(1 / 16.0), mode), mode);
    }
  }

  /** Trains for some epochs, saves to a file, and gives loss and accuracy on the test part. */
  public static Evaluation train(int epochs, Path file) {
    Dataset.Split data = Datasets.digits().split(0.8, 0.1, 0.1, 42);
    try (Backend backend = Backends.auto();
        Trainer trainer =
            Trainer.of(new Net(), backend)
                .loss(new FocalLoss(2))
                .optimizer(Adam.lr(3e-3))
                .metrics(Metrics.accuracy())
                .seed(42)
                .build()) {
      trainer
          .fit(data.train().batch(32), data.validation(), epochs)
          .forEach(result -> System.out.println(result.epoch() + "  " + result.validation()));
      trainer.save(file);
      return trainer.evaluate(data.test());
    }
  }

  public static void main(String[] arguments) {
    System.out.println("test  " + train(20, Path.of("digits.safetensors")));
  }
}
