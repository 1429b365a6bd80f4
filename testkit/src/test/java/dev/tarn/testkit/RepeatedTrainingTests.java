package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.backend.Backend;
import dev.tarn.data.DataSource;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.data.Datasets;
import dev.tarn.data.Folds;
import dev.tarn.data.Normalization.Method;
import dev.tarn.data.Preprocessing.Kind;
import dev.tarn.data.Preprocessing.Options;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.optim.Adam;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.CrossValidation;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Metrics;
import dev.tarn.train.Restarts;
import dev.tarn.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Several trainings of one model: on folds, and from several seeds. */
final class RepeatedTrainingTests {
  private final Backend backend = new ReferenceBackend();

  private Trainer trained(Dataset data, long seed) {
    Trainer trainer =
        Trainer.of(Dense.units(3), backend)
            .loss(Losses.crossEntropy())
            .optimizer(Adam.lr(0.1))
            .metrics(Metrics.accuracy())
            .seed(seed)
            .build();
    trainer.fit(data.batch(30), null, 10);
    return trainer;
  }

  /** 0.2, 0.4 and 0.9: the mean is 0.5, the deviation sqrt((0.09 + 0.01 + 0.16) / 2). */
  @Test
  void meanAndDeviation() {
    CrossValidation all =
        new CrossValidation(
            List.of(
                new Evaluation(Map.of("loss", 0.2), 1),
                new Evaluation(Map.of("loss", 0.4), 1),
                new Evaluation(Map.of("loss", 0.9), 1)));
    assertEquals(0.5, all.mean("loss"), 1e-12);
    assertEquals(Math.sqrt(0.13), all.deviation("loss"), 1e-12);
    assertEquals("loss 0.5000 +- 0.3606", all.toString());
  }

  /** What is learned for a fold's preprocessing comes from its training part only. */
  @Test
  void aModelForEachFold() {
    DataSource iris = Datasets.source("iris", null);
    Options options = new Options(Method.STANDARD, 1, false, Kind.ONE_HOT, null);
    List<Prepared> folds =
        Folds.of(iris.data(), 5, 3).stream().map(fold -> iris.prepare(fold, options)).toList();
    assertEquals(5, folds.stream().map(Prepared::preprocessing).distinct().count());
    CrossValidation result =
        CrossValidation.run(
            folds,
            (number, fold) -> {
              try (Trainer trainer = trained(fold.split().train(), number)) {
                return trainer.evaluate(fold.split().validation());
              }
            });
    assertEquals(5, result.folds().size());
    assertTrue(result.mean("accuracy") > 0.8, result.toString());
  }

  @Test
  void theBestOfSeveralSeeds() {
    Dataset data = Datasets.iris();
    List<Double> losses = new ArrayList<>();
    for (int seed = 5; seed < 8; seed++) {
      try (Trainer trainer = trained(data, seed)) {
        losses.add(trainer.history().get(9).train().loss());
      }
    }
    Restarts restarts = Restarts.run(3, 5, seed -> trained(data, seed));
    try (Trainer best = restarts.best()) {
      assertEquals(losses, restarts.values());
      assertEquals(
          losses.stream().mapToDouble(x -> x).min().orElseThrow(), losses.get(restarts.number()));
      assertEquals(losses.get(restarts.number()), best.history().get(9).train().loss());
    }
    assertThrows(
        dev.tarn.TarnException.class, () -> Restarts.run(0, 5, seed -> trained(data, seed)));
  }
}
