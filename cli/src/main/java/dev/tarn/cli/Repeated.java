package dev.tarn.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.backend.Backend;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Batches;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.train.CrossValidation;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Trainer;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Trains several times by one run file: on the folds of the data, or from different seeds. */
final class Repeated {
  private final Training training;
  private final PrintStream people;
  private final Interrupts interrupts;

  Repeated(Training training, PrintStream people, Interrupts interrupts) {
    this.training = training;
    this.people = people;
    this.interrupts = interrupts;
  }

  /** A cross-validation; it makes no run directory. */
  JsonObject folds(RunConfig config, @Nullable Path initFrom) {
    List<Prepared> folds = config.folds();
    Devices.Opened device = Devices.open(config.device());
    JsonObject result = new JsonObject();
    List<Evaluation> evaluations = new ArrayList<>();
    try (Backend backend = device.backend()) {
      training.say("device", backend.name() + ": " + backend.description());
      for (int i = 0; i < folds.size() && !interrupts.requested(); i++) {
        Evaluation evaluation = fold(config, backend, folds.get(i), initFrom);
        if (!interrupts.requested()) {
          evaluations.add(evaluation);
          people.printf("fold %d/%d  %s%n", i + 1, folds.size(), evaluation);
        }
      }
    }
    result.addProperty("status", interrupts.requested() ? "interrupted" : "done");
    JsonArray each = new JsonArray();
    evaluations.forEach(evaluation -> each.add(values(evaluation)));
    result.add("folds", each);
    if (interrupts.requested()) {
      people.println("interrupted; the folds must be trained anew");
    } else {
      CrossValidation all = new CrossValidation(evaluations);
      people.printf("mean +- deviation  %s%n", all);
      JsonObject mean = new JsonObject();
      JsonObject deviation = new JsonObject();
      for (String name : all.names()) {
        mean.addProperty(name, all.mean(name));
        deviation.addProperty(name, all.deviation(name));
      }
      result.add("mean", mean);
      result.add("deviation", deviation);
    }
    device.addTo(result);
    return result;
  }

  private Evaluation fold(
      RunConfig config, Backend backend, Prepared data, @Nullable Path initFrom) {
    Dataset.Split split = data.split();
    try (Batches batches = config.data().batches(split.train(), config.train().batch());
        Trainer trainer =
            Training.trainer(config, config.modelFor(data), backend, batches).build()) {
      if (initFrom != null) {
        trainer.load(initFrom);
      }
      interrupts.onFirst(trainer::stop);
      // Without early stopping nothing may depend on the validation part before the end.
      boolean watched = config.train().earlyStopping() != null || config.train().plateau() != null;
      boolean targets = !config.train().stop().targets().isEmpty();
      Dataset seen = watched || targets ? split.validation() : null;
      trainer.fit(batches, seen, config.train().epochs());
      return trainer.evaluate(split.validation());
    }
  }

  private static JsonObject values(Evaluation evaluation) {
    JsonObject values = new JsonObject();
    evaluation.values().forEach(values::addProperty);
    return values;
  }

  /** Trainings from different seeds, each in a run directory of its own; gives the best one's. */
  JsonObject restarts(RunConfig config, Path runs, @Nullable Path initFrom) {
    Training.Trained best = training.train(config.withRestart(0), null, runs, initFrom);
    int number = 0;
    JsonArray values = new JsonArray();
    values.add(best.best());
    int count = config.train().restarts();
    for (int i = 1; i < count && !interrupts.requested(); i++) {
      people.println();
      Training.Trained next = training.train(config.withRestart(i), null, runs, initFrom);
      values.add(next.best());
      if (next.monitored().isBetter(next.best(), best.best())) {
        best = next;
        number = i;
      }
    }
    String name = best.monitored().name();
    people.printf(
        "%nbest of %d restarts: number %d with %s %s, %s%n",
        values.size(),
        number,
        name,
        Evaluation.text(best.best()),
        best.result().get("run").getAsString());
    best.result().addProperty("restart", number);
    best.result().add("restarts", values);
    return best.result();
  }
}
