package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.data.ArrayDataset;
import dev.tarn.data.Batches;
import dev.tarn.data.Dataset;
import dev.tarn.loss.Losses;
import dev.tarn.nn.Dense;
import dev.tarn.nn.Initializers;
import dev.tarn.optim.Adam;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Sgd;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.LearningRateFinder;
import dev.tarn.train.LearningRateFinder.Point;
import dev.tarn.train.LearningRateFinder.Result;
import dev.tarn.train.Trainer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The finder against a parabola worked out by hand, and that it leaves no trace. */
final class LearningRateFinderTests {
  private static final Dataset POINT =
      ArrayDataset.ofNumbers(
          HostTensor.of(new float[] {1, 1, 1, 1}, 4, 1),
          HostTensor.of(new float[] {1, 1, 1, 1}, 4, 1));

  private static Trainer trainer(Backend backend, Optimizer optimizer) {
    return Trainer.of(Dense.units(1).weights(Initializers.zeros()).withoutBias(), backend)
        .loss(Losses.mse())
        .optimizer(optimizer)
        .build();
  }

  /** On (w - 1)^2 a step of rate r makes w - 1 smaller by the factor 1 - 2 r, so it grows at 1. */
  @Test
  void ratesLossesAndSuggestionOnAParabola() {
    try (Backend backend = ReferenceBackend.inDouble();
        Batches batches = POINT.batch(4);
        Trainer trainer = trainer(backend, Sgd.lr(0.3))) {
      Result result = new LearningRateFinder(1e-3, 10, 60, 0).find(trainer, batches);
      double error = 1;
      double least = 1;
      double rateOfLeast = 0;
      for (int i = 0; i < result.points().size(); i++) {
        Point point = result.points().get(i);
        double rate = 1e-3 * Math.pow(1e4, i / 59.0);
        assertEquals(rate, point.learningRate(), 1e-12 * rate);
        assertEquals(error * error, point.loss(), 1e-6 * error * error + 1e-12);
        if (error * error < least) {
          least = error * error;
          rateOfLeast = rate;
        }
        error *= 1 - 2 * rate;
      }
      assertTrue(result.points().size() < 60, "it diverges before the rate is 10");
      double suggestion = result.suggestion().orElseThrow();
      assertEquals(rateOfLeast / 10, suggestion, 1e-9);
      assertTrue(suggestion < 1, "a rate of 1 or more diverges: " + suggestion);
    }
  }

  @Test
  void theTrainingIsAsIfItHadNotRun() {
    try (Backend backend = new ReferenceBackend();
        Batches batches = POINT.batch(2);
        Trainer searched = trainer(backend, Adam.lr(0.1));
        Trainer other = trainer(backend, Adam.lr(0.1))) {
      searched.fit(batches, null, 2);
      other.fit(batches, null, 2);
      LearningRateFinder.run(searched, batches);
      assertEquals(
          other.fit(batches, null, 5).toString().replaceAll("seconds=[^\\]]*", ""),
          searched.fit(batches, null, 5).toString().replaceAll("seconds=[^\\]]*", ""));
      assertEquals(
          List.copyOf(other.prepare(batches).checkpoint().values()),
          List.copyOf(searched.prepare(batches).checkpoint().values()));
    }
  }

  @Test
  void nothingIsSuggestedWhereNothingIsLearned() {
    try (Backend backend = new ReferenceBackend();
        Batches batches = POINT.batch(4);
        Trainer trainer = trainer(backend, Sgd.lr(1))) {
      Result result = new LearningRateFinder(1e-9, 1e-8, 20, 0.9).find(trainer, batches);
      assertFalse(result.suggestion().isPresent());
    }
    assertThrows(TarnException.class, () -> new LearningRateFinder(1, 0.1, 100, 0.9));
    assertThrows(TarnException.class, () -> new LearningRateFinder(0.1, 1, 5, 0.9));
  }
}
