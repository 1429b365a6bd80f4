package dev.tarn.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import dev.tarn.backend.DeviceMemoryException;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import java.util.ArrayList;
import java.util.Arrays;
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
 * it changes what is trained. {@link #keepIn} lets a resumed training be judged as a whole.
 */
public final class DiagnosisListener implements TrainingListener {
  private static final int SAMPLE = 64;
  private static final Logger LOG = LoggerFactory.getLogger(DiagnosisListener.class);

  private final Dataset sample;
  private final int trainExamples;
  private final List<EpochResult> history = new ArrayList<>();
  private @Nullable RunDirectory directory;
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
    this.trainExamples = train.size();
  }

  /**
   * Keeps what was seen in a run directory's checkpoints, and takes over what one that was resumed
   * has kept. To be called after {@link RunDirectory#begin} or {@link RunDirectory#resume}; among
   * the trainer's listeners this one must come before the directory's.
   *
   * @param validationExamples how many the validation data have
   * @throws TarnException if what was kept is damaged
   */
  public void keepIn(RunDirectory place, int validationExamples) {
    directory = place;
    history.addAll(0, place.history(trainExamples, validationExamples));
    String kept = place.kept(RunDirectory.DIAGNOSIS);
    if (kept == null) {
      return;
    }
    try {
      JsonObject json = JsonParser.parseString(kept).getAsJsonObject();
      if (json.has("untrained")) {
        untrained = evaluation(Double.parseDouble(json.get("untrained").getAsString()));
      }
      List<Verdict> verdicts = new ArrayList<>();
      for (JsonElement each : json.getAsJsonArray("layers")) {
        JsonObject verdict = each.getAsJsonObject();
        verdicts.add(
            new Verdict(
                Verdict.Severity.valueOf(verdict.get("severity").getAsString()),
                verdict.get("sentence").getAsString(),
                verdict.get("remedy").getAsString()));
      }
      layers = new Diagnosis(verdicts);
    } catch (JsonParseException
        | IllegalStateException
        | IllegalArgumentException
        | NullPointerException e) {
      throw new TarnException(
          RunDirectory.last(place.path()) + ": damaged: the metadata 'diagnosis' cannot be read",
          e);
    }
  }

  /** Keeps what the table of metrics does not have. */
  private void keep() {
    if (directory == null) {
      return;
    }
    JsonObject json = new JsonObject();
    if (untrained != null) {
      // As text: it may be infinite, which JSON has no number for.
      json.addProperty("untrained", Double.toString(untrained.loss()));
    }
    JsonArray all = new JsonArray();
    for (Verdict verdict : layers.verdicts()) {
      JsonObject each = new JsonObject();
      each.addProperty("severity", verdict.severity().name());
      each.addProperty("sentence", verdict.sentence());
      each.addProperty("remedy", verdict.remedy());
      all.add(each);
    }
    json.add("layers", all);
    directory.keep(RunDirectory.DIAGNOSIS, json.toString());
  }

  @Override
  public void onStart(Trainer trainer, int epochs) {
    TrainStep step = trainer.step();
    if (trainer.steps() == 0 && step != null) {
      Probe.Result found = probe(step, 1);
      untrained = found == null ? null : evaluation(found.loss());
      keep();
    }
  }

  private Evaluation evaluation(double loss) {
    return new Evaluation(Map.of("loss", loss), sample.size());
  }

  @Override
  public void onEpoch(Trainer trainer, EpochResult result) {
    history.add(result);
    TrainStep step = trainer.step();
    if (step == null || Integer.bitCount(result.epoch()) != 1) {
      return;
    }
    Probe.Result found = probe(step, result.step());
    // Gradients may be as large as they like where the loss falls.
    boolean falls = untrained != null && result.train().loss() < 0.9 * untrained.loss();
    layers =
        Diagnosis.ofLayers(
            LayerStatistics.of(step, found == null ? Map.of() : found.activations()),
            falls ? Double.POSITIVE_INFINITY : squaredTarget());
    keep();
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

  /** The largest mean of a target's squares; 1 if all are classes. */
  private double squaredTarget() {
    try (Batches batches = new Batches(sample, sample.size(), false)) {
      batches.startEpoch(0, 0);
      Batch batch = batches.load(0);
      return batch.targets().stream()
          .filter(target -> target.spec().dtype() != DType.I32)
          .mapToDouble(DiagnosisListener::meanSquare)
          .max()
          .orElse(1);
    }
  }

  private static double meanSquare(HostTensor target) {
    return Arrays.stream(target.toDoubles()).map(value -> value * value).average().orElse(1);
  }

  /** What is wrong so far; of the layers, what was so the last time they were looked at. */
  public Diagnosis diagnosis() {
    return Diagnosis.of(history, untrained, layers);
  }
}
