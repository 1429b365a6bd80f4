package dev.tarn.train;

import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.backend.Backend;
import dev.tarn.nn.Module;
import dev.tarn.optim.Plateau;
import dev.tarn.optim.Updates;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What decides the course of a training. */
record Settings(
    Backend backend,
    Updates updates,
    @Nullable Plateau plateau,
    @Nullable EarlyStopping earlyStopping,
    StopRules stop,
    List<TrainingListener> listeners,
    long seed,
    Precision precision) {
  /** The step of a model for examples with given features. */
  TrainStep step(Module model, Objective objective, List<Spec> features) {
    return new TrainStep(backend, model, objective, updates, features, seed, precision);
  }
}
