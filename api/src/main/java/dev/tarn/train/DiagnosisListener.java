package dev.tarn.train;

import dev.tarn.TarnException;
import dev.tarn.backend.DeviceMemoryException;
import dev.tarn.data.Batches;
import dev.tarn.data.Dataset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at a training while it runs, and says what is wrong with it.
 *
 * <p>Curves are judged at the end, layers after epochs 1, 2, 4, 8 and so on. It costs reading all
 * gradients and parameters at these epochs, and a forward pass over 64 examples, which is a program
 * of its own; where the device's memory does not hold it, activations are not looked at. Nothing of
 * it changes what is trained.
 */
public final class DiagnosisListener implements TrainingListener {
  private static final int SAMPLE = 64;
  private static final Logger LOG = LoggerFactory.getLogger(DiagnosisListener.class);

  private final Dataset sample;
  private final List<EpochResult> history = new ArrayList<>();
  private @Nullable Evaluation untrained;
  private Diagnosis layers = new Diagnosis(List.of());

  /**
   * Looks at a training.
   *
   * @param train what it trains on
   * @throws TarnException if there are no examples
   */
  public DiagnosisListener(Dataset train) {
    if (train.size() == 0) {
      throw new TarnException("diagnosis: the data set has no examples");
    }
    int count = Math.min(SAMPLE, train.size());
    int[] spread =
        IntStream.range(0, count).map(i -> (int) ((long) i * train.size() / count)).toArray();
    this.sample = train.subset(spread);
  }

  @Override
  public void onStart(Trainer trainer, int epochs) {
    TrainStep step = trainer.step();
    if (trainer.steps() == 0 && step != null) {
      Probe.Result found = probe(step, 1);
      untrained =
          found == null ? null : new Evaluation(Map.of("loss", found.loss()), sample.size());
    }
  }

  @Override
  public void onEpoch(Trainer trainer, EpochResult result) {
    history.add(result);
    TrainStep step = trainer.step();
    if (step == null || Integer.bitCount(result.epoch()) != 1) {
      return;
    }
    Probe.Result found = probe(step, result.step());
    layers =
        Diagnosis.ofLayers(
            LayerStatistics.of(step, found == null ? Map.of() : found.activations()));
  }

  private Probe.@Nullable Result probe(TrainStep step, long number) {
    try (Batches batches = new Batches(sample, sample.size(), false)) {
      batches.startEpoch(0, 0);
      return step.probe(number, batches.load(0), false);
    } catch (DeviceMemoryException e) {
      LOG.info("activations are not looked at: {}", e.getMessage());
      return null;
    }
  }

  /** What is wrong so far; of the layers, what was so the last time they were looked at. */
  public Diagnosis diagnosis() {
    return Diagnosis.ofCurves(history, untrained).and(layers);
  }
}
