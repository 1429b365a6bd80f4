package dev.tarn.cuda;

import dev.tarn.Mode;
import dev.tarn.Precision;
import dev.tarn.Tensor;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Conv2d;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Dropout;
import dev.tarn.nn.Module;
import dev.tarn.optim.Adam;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Metrics;
import dev.tarn.train.Trainer;

/** A convolutional network that learns the digits, in each precision. */
final class CheckTrainings {
  private static final double ACCURACY = 0.95;

  private static final class Digits extends Module {
    private final Conv2d first = child("first", Conv2d.filters(16).kernel(3).same());
    private final Conv2d second = child("second", Conv2d.filters(32).kernel(3).stride(2));
    private final Dropout drop = child("drop", Dropout.rate(0.1));
    private final Dense out = child("out", Dense.units(10));

    @Override
    public Tensor forward(Tensor x, Mode mode) {
      Tensor h = x.mul(1 / 16.0).reshape(x.shape().dim(0), 1, 8, 8);
      h = second.forward(first.forward(h, mode).relu(), mode).relu();
      return out.forward(drop.forward(h.flatten(), mode), mode);
    }
  }

  private CheckTrainings() {}

  static CheckTable run(CudaBackend backend, boolean tiny) {
    CheckTable table =
        new CheckTable(
            "Training of the digits", "precision", "steps", "seconds", "loss", "test accuracy");
    double share = tiny ? 0.05 : 0.8;
    Dataset.Split data = Datasets.digits().split(share, 0.1, 0.9 - share, 42);
    for (Precision precision : CheckModels.precisions(tiny)) {
      long start = System.nanoTime();
      try (Trainer trainer =
          Trainer.of(new Digits(), backend)
              .loss(Losses.crossEntropy())
              .optimizer(Adam.lr(1e-3))
              .metrics(Metrics.accuracy())
              .seed(42)
              .precision(precision)
              .build()) {
        trainer.fit(data.train().batch(32), data.validation(), tiny ? 1 : 40);
        Evaluation test = trainer.evaluate(tiny ? data.validation() : data.test());
        double seconds = (System.nanoTime() - start) / 1e9;
        double accuracy = test.get("accuracy");
        table.row(precision, trainer.steps(), seconds, test.loss(), accuracy);
        table.expect(tiny || accuracy >= ACCURACY, precision + ": accuracy " + accuracy);
      } catch (RuntimeException e) {
        table.failure(precision + ": " + e.getMessage());
      }
    }
    return table;
  }
}
