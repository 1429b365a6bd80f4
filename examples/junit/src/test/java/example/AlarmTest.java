package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.data.Dataset;
import dev.tarn.data.Examples;
import dev.tarn.loss.Losses;
import dev.tarn.optim.Adam;
import dev.tarn.train.EpochResult;
import dev.tarn.train.Metrics;
import dev.tarn.train.Trainer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Trains in a test: on the GPU where there is one, else on the CPU. */
class AlarmTest {
  private static final int SEED = 7;

  /** 400 pairs of readings around -1 and 1; class 1 where their signs differ. */
  private static Dataset readings() {
    Random random = new Random(SEED);
    float[][] features = new float[400][2];
    int[] labels = new int[features.length];
    for (int i = 0; i < features.length; i++) {
      boolean first = random.nextBoolean();
      boolean second = random.nextBoolean();
      features[i][0] = (float) ((first ? 1 : -1) + 0.2 * random.nextGaussian());
      features[i][1] = (float) ((second ? 1 : -1) + 0.2 * random.nextGaussian());
      labels[i] = first == second ? 0 : 1;
    }
    return Examples.of(features, labels, 2);
  }

  private static List<EpochResult> train() {
    Dataset.Split data = readings().split(0.7, 0.3, 0, SEED);
    try (Backend device = Backends.auto();
        Trainer trainer =
            Trainer.of(new Alarm(), device)
                .loss(Losses.crossEntropy())
                .optimizer(Adam.lr(0.03))
                .metrics(Metrics.accuracy())
                .seed(SEED)
                .build()) {
      return trainer.fit(data.train().batch(20), data.validation(), 15);
    }
  }

  @Test
  void learnsToTellContradictions() {
    List<EpochResult> epochs = train();
    EpochResult last = epochs.get(epochs.size() - 1);
    assertTrue(last.validation().get("accuracy") > 0.98, last.toString());
  }

  /** The same seed gives the same bits, so a test that passes once on a machine always does. */
  @Test
  void isReproducible() {
    List<EpochResult> first = train();
    List<EpochResult> second = train();
    for (int i = 0; i < first.size(); i++) {
      assertEquals(first.get(i).train(), second.get(i).train());
      assertEquals(first.get(i).validation(), second.get(i).validation());
    }
  }
}
