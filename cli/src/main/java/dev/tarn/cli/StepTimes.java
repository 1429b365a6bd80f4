package dev.tarn.cli;

import com.google.gson.JsonObject;
import dev.tarn.Spec;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.train.EpochResult;
import dev.tarn.train.Trainer;
import dev.tarn.train.TrainingListener;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where the time of a training goes: waiting for batches, steps, evaluation. What is not one of the
 * other two counts as steps, since a device may still work on some when their calls have returned.
 */
final class StepTimes implements TrainingListener {
  /** From this share on, waiting for batches is worth a word. */
  private static final double STARVED = 0.25;

  /** Shorter trainings say nothing about the loader. */
  private static final double SHORT_SECONDS = 2;

  private final Batches batches;
  private @Nullable Watched validation;
  private double all;
  private double evaluation;

  StepTimes(Batches batches) {
    this.batches = batches;
  }

  /** Validation data that tell when their evaluation begins. */
  @Nullable Dataset watch(Dataset data) {
    if (data.size() == 0) {
      return null;
    }
    Watched watched = new Watched(data);
    validation = watched;
    return watched;
  }

  @Override
  public void onEpoch(Trainer trainer, EpochResult result) {
    all += result.seconds();
    Watched watched = validation;
    if (watched != null && watched.begun != 0) {
      evaluation += (System.nanoTime() - watched.begun) / 1e9;
      watched.begun = 0;
    }
  }

  private double loading() {
    return batches.loadNanos() / 1e9;
  }

  private double steps() {
    return Math.max(0, all - loading() - evaluation);
  }

  boolean isKnown() {
    return all > 0;
  }

  /** {@code 1.20 s: batches 3 %, steps 95 %, evaluation 2 %}. */
  String text() {
    double total = loading() + steps() + evaluation;
    return String.format(
        Locale.ROOT,
        "%s in epochs: waiting for batches %.0f %%, steps %.0f %%, evaluation %.0f %%",
        dev.tarn.cli.Progress.duration(total),
        100 * loading() / total,
        100 * steps() / total,
        100 * evaluation / total);
  }

  /** What to do about a loader that is too slow, or null. */
  @Nullable String advice(int prefetch) {
    double share = loading() / (loading() + steps());
    if (all < SHORT_SECONDS || share < STARVED) {
      return null;
    }
    return prefetch == 0
        ? "steps wait for data: 'prefetch: 2' under data loads them on another thread"
        : "steps wait for data although these are loaded ahead: loading takes longer than a step";
  }

  void addTo(JsonObject json) {
    JsonObject times = new JsonObject();
    times.addProperty("load", loading());
    times.addProperty("step", steps());
    times.addProperty("evaluate", evaluation);
    json.add("time", times);
  }

  /** Notes when examples are first asked for. */
  private static final class Watched implements Dataset {
    private final Dataset data;
    private volatile long begun;

    Watched(Dataset data) {
      this.data = data;
    }

    @Override
    public int size() {
      return data.size();
    }

    @Override
    public List<Spec> features() {
      return data.features();
    }

    @Override
    public List<Spec> targets() {
      return data.targets();
    }

    @Override
    public int classes() {
      return data.classes();
    }

    @Override
    public void gather(int[] indices, int from, Batch batch) {
      if (begun == 0) {
        begun = System.nanoTime();
      }
      data.gather(indices, from, batch);
    }
  }
}
