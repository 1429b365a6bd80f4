package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.optim.Plateau;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a trainer's state into a file and reads it back. */
final class Checkpoint {
  private final Trainer trainer;
  private final Course course;

  Checkpoint(Trainer trainer, Course course) {
    this.trainer = trainer;
    this.course = course;
  }

  void save(Path file, Map<String, String> texts) {
    TrainStep step = trainer.step();
    List<Spec> seen = trainer.features();
    if (step == null || seen == null) {
      throw new TarnException("save: nothing was trained or loaded yet");
    }
    int failed = step.failedStep();
    if (failed != 0) {
      trainer.explain(failed);
      throw new TarnException(
          file
              + ": not saved: step "
              + failed
              + " gave NaN or infinity; resume from an earlier one");
    }
    Map<String, String> metadata = new LinkedHashMap<>(texts);
    metadata.put(CheckpointHeader.KEY, header(seen).toJson());
    Map<String, HostTensor> tensors = step.checkpoint();
    course.best.forEach((name, value) -> tensors.put(Course.BEST + name, value));
    new Safetensors(tensors, metadata).write(file);
  }

  Map<String, String> resume(Path file) {
    Safetensors saved = Safetensors.read(file);
    CheckpointHeader header = CheckpointHeader.of(saved, file);
    header.checkFits(file, header(header.features()));
    TrainStep step = trainer.step(header.features());
    boolean stopsEarly = trainer.settings().earlyStopping() != null;
    Map<String, HostTensor> best = stopsEarly ? Weights.best(saved, step, file) : Map.of();
    Weights.copy(saved, step, step.checkpointStates(), file);
    course.position = header.position();
    course.plateau = header.plateau();
    course.early = header.early();
    course.stop = header.stop();
    course.best = new LinkedHashMap<>(best);
    step.inputs().scaleLearningRates(course.plateau.scale());
    return saved.metadata();
  }

  void load(Path file, @Nullable List<Spec> features) {
    Safetensors saved = Safetensors.read(file);
    List<Spec> savedFeatures = CheckpointHeader.of(saved, file).features();
    if (features != null && !features.equals(savedFeatures)) {
      throw new TarnException(
          file + ": was trained on examples of " + savedFeatures + ", these are " + features);
    }
    TrainStep step = trainer.step(savedFeatures);
    Weights.copy(saved, step, step.parameterStates(), file);
  }

  /** What a checkpoint saved now would say. */
  private CheckpointHeader header(List<Spec> features) {
    Settings settings = trainer.settings();
    Plateau plateau = settings.plateau();
    return new CheckpointHeader(
        course.position,
        course.plateau,
        course.early,
        course.stop,
        settings.seed(),
        features,
        settings.backend().name() + ": " + settings.backend().description(),
        settings.updates() + (plateau == null ? "" : " and " + plateau),
        settings.precision());
  }
}
