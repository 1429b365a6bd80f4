package dev.tarn.train;

import dev.tarn.TarnException;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a training while it runs, and says what is wrong with it.
 *
 * <p>Curves are judged at the end, layers after epochs 1, 2, 4, 8 and so on. It costs reading all
 * gradients and parameters at these epochs, and with {@link #withActivations} a step that runs node
 * by node with all its values in memory.
 */
public final class DiagnosisListener implements TrainingListener {
  private static final int SAMPLE = 64;

  private final Dataset sample;
  private final boolean activations;
  private final List<EpochResult> history = new ArrayList<>();
  private @Nullable Evaluation untrained;
  private Diagnosis layers = new Diagnosis(List.of());

  /** Looks at curves, gradients and parameters. */
  public DiagnosisListener(Dataset train) {
    this(train, false);
  }

  private DiagnosisListener(Dataset train, boolean activations) {
    if (train.size() == 0) {
      throw new TarnException("diagnosis: the data set has no examples");
    }
    int count = Math.min(SAMPLE, train.size());
    int[] spread =
        IntStream.range(0, count).map(i -> (int) ((long) i * train.size() / count)).toArray();
    this.sample = train.subset(spread);
    this.activations = activations;
  }

  /** Looks at activations as well. */
  public static DiagnosisListener withActivations(Dataset train) {
    return new DiagnosisListener(train, true);
  }

  @Override
  public void onStart(Trainer trainer, int epochs) {
    if (trainer.steps() == 0) {
      untrained = trainer.evaluate(sample);
    }
  }

  @Override
  public void onEpoch(Trainer trainer, EpochResult result) {
    history.add(result);
    TrainStep step = trainer.step();
    if (step == null || Integer.bitCount(result.epoch()) != 1) {
      return;
    }
    if (activations) {
      Batches batches = new Batches(sample, sample.size(), false);
      batches.startEpoch(0, 0);
      Batch batch = batches.load(0);
      layers = Diagnosis.ofLayers(LayerStatistics.of(step, result.step(), batch));
    } else {
      layers = Diagnosis.ofLayers(LayerStatistics.of(step));
    }
  }

  /** What is wrong so far; of the layers, what was so the last time they were looked at. */
  public Diagnosis diagnosis() {
    return Diagnosis.ofCurves(history, untrained).and(layers);
  }
}
