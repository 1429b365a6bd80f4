package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.State;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batches.Batch;
import dev.tarn.internal.RandomStream;
import dev.tarn.loss.Losses;
import dev.tarn.optim.Adam;
import dev.tarn.testkit.Mlp;
import dev.tarn.train.Metrics;
import dev.tarn.train.TrainStep;
import java.util.ArrayList;
import java.util.List;

/** A small training for tests: an MLP with dropout, Adam, batches of random numbers. */
final class Training implements AutoCloseable {
  private static final int FEATURES = 12;
  private static final int CLASSES = 5;

  private final TrainStep step;
  private final int batchSize;
  private long steps;

  Training(Backend backend, int batchSize) {
    this.batchSize = batchSize;
    this.step =
        new TrainStep(
            backend,
            new Mlp(16, 9, CLASSES, 0.2),
            Losses.crossEntropy(),
            Adam.lr(0.01),
            List.of(Metrics.accuracy()),
            Shape.of(FEATURES),
            7);
  }

  /** Runs the next steps; each has a batch of its own. */
  void run(int count) {
    for (int i = 0; i < count; i++) {
      steps++;
      step.train(steps, batch(steps));
    }
  }

  /** The batch of a step. */
  Batch batch(long number) {
    RandomStream random = new RandomStream(number, "batch");
    float[] features = new float[batchSize * FEATURES];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextGaussian();
    }
    int[] labels = new int[batchSize];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = random.nextInt(CLASSES);
    }
    return new Batch(
        HostTensor.of(features, batchSize, FEATURES), HostTensor.of(labels, batchSize));
  }

  TrainStep step() {
    return step;
  }

  /** Everything that was learned. */
  List<HostTensor> states() {
    List<HostTensor> values = new ArrayList<>();
    for (State state : step.checkpointStates()) {
      values.add(step.read(state));
    }
    return values;
  }

  @Override
  public void close() {
    step.close();
  }
}
