package dev.tarn.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.tarn.DType;
import dev.tarn.Parameter;
import dev.tarn.TarnException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.backend.Debug;
import dev.tarn.backend.DeviceException;
import dev.tarn.config.ConfigException;
import dev.tarn.config.RunConfig;
import dev.tarn.data.Batches;
import dev.tarn.data.DataSource.Prepared;
import dev.tarn.data.Dataset;
import dev.tarn.nn.Module;
import dev.tarn.nn.Sequential;
import dev.tarn.train.Diagnosis;
import dev.tarn.train.DiagnosisListener;
import dev.tarn.train.Evaluation;
import dev.tarn.train.Monitored;
import dev.tarn.train.NonFiniteException;
import dev.tarn.train.RunDirectory;
import dev.tarn.train.Stop;
import dev.tarn.train.TrainStep;
import dev.tarn.train.Trainer;
import dev.tarn.train.TrainingListener;
import dev.tarn.train.Verdict;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Runs one training from a configuration and tells how it goes. */
final class Training {
  private final Output output;
  private final PrintStream people;
  private final Interrupts interrupts;
  private final boolean json;
  private final boolean report;

  /**
   * A training.
   *
   * @param json whether an object is written to standard output when it ends
   * @param report whether a report is written, unless the run file says not to
   */
  Training(Output output, Interrupts interrupts, boolean json, boolean report) {
    this.report = report;
    this.output = output;
    this.people = output.people(json);
    this.interrupts = interrupts;
    this.json = json;
  }

  /** A trainer of a configuration's training, to evaluate or predict with. */
  static Trainer.Builder trainer(RunConfig config, Module model, Backend backend) {
    return Trainer.of(model, backend)
        .loss(config.train().loss())
        .updates(config.train().updates(1))
        .metrics(config.train().metrics())
        .evaluationMetrics(config.train().evaluationMetrics())
        .seed(config.trainingSeed())
        .precision(config.precision())
        .evaluationBatch(config.train().evaluationBatch());
  }

  /** A trainer of a configuration's training, to train with. */
  static Trainer.Builder trainer(RunConfig config, Module model, Backend backend, Batches batches) {
    return trainer(config, model, backend)
        .updates(config.train().updates(batches.count()))
        .plateau(config.train().plateau())
        .earlyStopping(config.train().earlyStopping())
        .stop(config.train().stop());
  }

  /** A number with commas: {@code 1,797}. */
  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  static String bytes(long bytes) {
    if (bytes < 1_000) {
      return bytes + " bytes";
    }
    return bytes < 1_000_000
        ? String.format(Locale.ROOT, "%.0f kB", bytes / 1e3)
        : String.format(Locale.ROOT, "%,.1f MB", bytes / 1e6);
  }

  /**
   * Begins a training in a new run directory, or as many as the configuration asks for.
   *
   * @param initFrom a file whose weights it begins with, or null
   */
  int begin(RunConfig config, Path runs, @Nullable Path initFrom) {
    if (config.train().folds() > 1) {
      return finish(new Repeated(this, people, interrupts).folds(config, initFrom));
    }
    return finish(
        config.train().restarts() > 1
            ? new Repeated(this, people, interrupts).restarts(config, runs, initFrom)
            : train(config, null, runs, initFrom).result());
  }

  /**
   * A training that goes on.
   *
   * @param directory its run directory
   * @param saved what it goes on from, with the configuration that it goes on by
   */
  record Resumed(RunDirectory directory, SavedModel saved) {}

  /** Goes on in a run directory. */
  int resume(Resumed resumed) {
    return finish(
        train(resumed.saved().config(), resumed, resumed.directory().path(), null).result());
  }

  private int finish(JsonObject result) {
    if (json) {
      output.out().println(result);
    }
    return interrupts.requested() ? Main.INTERRUPTED : 0;
  }

  /**
   * What a training gave.
   *
   * @param result for programs
   * @param monitored what decides which training is the best
   * @param best its value in the best epoch, or NaN
   */
  record Trained(JsonObject result, Monitored monitored, double best) {}

  Trained train(RunConfig config, @Nullable Resumed resumed, Path place, @Nullable Path initFrom) {
    long start = System.nanoTime();
    Backends.preload(config.device());
    if (resumed != null) {
      checkPlaces(config, resumed.directory());
    }
    Prepared data = config.load();
    Dataset.Split split = data.split();
    if (resumed != null) {
      resumed.saved().checkData(data);
    }
    Sequential model = config.modelFor(data);
    Devices.Opened device = Devices.open(config.device());
    say(
        "device",
        String.format(
            "%s: %s, %s",
            device.backend().name(), device.backend().description(), config.precision()));
    if (!device.refused().isEmpty()) {
      say("", "no " + String.join(", no ", device.refused()) + ": see 'tarn devices'");
    }
    if (Debug.validate()) {
      say("checks", "every node is checked against the reference (TARN_VALIDATE=1)");
    }
    Batches batches = config.data().batches(split.train(), config.train().batch());
    Keeper keeper = new Keeper();
    StepTimes times = new StepTimes(batches);
    Progress progress = new Progress(people, Output.isTerminal(json));
    DiagnosisListener diagnosis = new DiagnosisListener(split.train());
    try (batches;
        Backend backend = device.backend();
        Trainer trainer =
            trainer(config, model, backend, batches)
                .listener(times)
                .listener(diagnosis)
                .listener(keeper)
                .listener(progress)
                .build()) {
      TrainStep step = trainer.prepare(batches);
      if (initFrom != null) {
        trainer.load(initFrom);
      }
      describe(config, split, model, step.bytes(), batches.batchSize());
      try (RunDirectory directory =
          resumed != null ? resumed.directory() : RunDirectory.create(place, config.name())) {
        directory.keep(RunDirectory.PREPROCESSING, data.preprocessing().toJson());
        directory.keep(RunDirectory.EXAMPLES, SavedModel.examples(split));
        if (resumed != null) {
          directory.resume(trainer);
          checkEpochs(config, directory, trainer, batches);
          directory.setConfig(config.toYaml());
          say("run", directory.path() + ", resumed after step " + count(trainer.steps()));
        } else {
          directory.begin(trainer, config.toYaml());
          say("run", directory.path().toString());
        }
        diagnosis.keepIn(directory, split.validation().size());
        keeper.listener = directory.listener(config.train().checkpointEvery());
        interrupts.onFirst(trainer::stop);
        fit(config, trainer, batches, times.watch(split.validation()), directory);
        progress.end();
        tellTimes(times, config);
        if (interrupts.requested()) {
          people.println("interrupted after step " + count(trainer.steps()) + "; go on with:");
          people.println("  " + Main.command() + " train --resume " + directory.path());
        }
        @Nullable Evaluation test = interrupts.requested() ? null : test(trainer, split, directory);
        JsonObject result = result(config, directory, trainer, test, device);
        if (!interrupts.requested()) {
          List<String> labels = data.preprocessing().labels();
          Diagnosis found = Judging.of(config, split, labels, trainer, diagnosis.diagnosis());
          List<Verdict> verdicts = found.verdicts();
          result.add("diagnosis", tell(verdicts));
          if (report && config.report()) {
            Reporting reporting = new Reporting(config, split, labels, model, backend, verdicts);
            report(reporting, directory.path(), trainer, batches, test);
          }
          say("saved", directory.path().toString());
        }
        times.addTo(result);
        result.addProperty("seconds", (System.nanoTime() - start) / 1e9);
        return new Trained(result, trainer.monitored(), directory.best());
      }
    }
  }

  private JsonArray tell(List<Verdict> verdicts) {
    JsonArray told = new JsonArray();
    for (Verdict verdict : verdicts) {
      say(verdict.severity().name().toLowerCase(Locale.ROOT), verdict.toString());
      told.add(verdict.toString());
    }
    return told;
  }

  private void tellTimes(StepTimes times, RunConfig config) {
    if (times.isKnown()) {
      say("time", times.text());
      String advice = times.advice(config.data().prefetch());
      if (advice != null) {
        say("", advice);
      }
    }
  }

  /** A training is not lost because its report cannot be drawn, for instance without fonts. */
  private void report(
      Reporting reporting, Path run, Trainer trainer, Batches batches, @Nullable Evaluation test) {
    try {
      say("report", reporting.write(run, trainer, batches, test).toString());
    } catch (TarnException e) {
      output.err().println("tarn: warning: no report: " + e.getMessage());
    }
  }

  private void fit(
      RunConfig config,
      Trainer trainer,
      Batches batches,
      @Nullable Dataset validation,
      RunDirectory directory) {
    try {
      int epochs = config.train().epochs();
      boolean done = trainer.fit(batches, validation, epochs).isEmpty();
      Stop stop = trainer.stopped();
      boolean allEpochs = stop == null || stop.reason() == Stop.Reason.EPOCHS;
      if (done && allEpochs) {
        people.printf(
            "already trained %d of %d epochs; to go on, add train.epochs=N%n", epochs, epochs);
      } else if (stop != null
          && stop.reason() != Stop.Reason.INTERRUPTED
          && (!allEpochs || config.train().earlyStopping() != null)) {
        say("stopped", stop.sentence());
      }
    } catch (DeviceException e) {
      throw new TarnException(
          e.getMessage()
              + "\nGo on with: "
              + Main.command()
              + " train --resume "
              + directory.path(),
          e);
    } catch (TarnException e) {
      // A label that is no class has what the step computed as its cause.
      Throwable failed = e instanceof NonFiniteException ? e : e.getCause();
      if (failed instanceof NonFiniteException failure) {
        Path file = directory.saveInspection(failure);
        throw new TarnException(e.getMessage() + " What the step computed is in " + file, e);
      }
      throw e;
    }
  }

  /** Refuses data that are no longer where they were, and says how to name their place. */
  private static void checkPlaces(RunConfig config, RunDirectory directory) {
    config
        .data()
        .source()
        .places()
        .forEach(
            (key, place) -> {
              if (place.isPresent() && Files.notExists(place.get())) {
                throw new TarnException(
                    String.format(
                        "%s: no such file; if the data have moved, say where they are:%n"
                            + "  %s train --resume %s data.%s=PATH",
                        place.get(), Main.command(), directory.path(), key));
              }
            });
  }

  /** Refuses fewer epochs than a resumed training has begun. */
  private static void checkEpochs(
      RunConfig config, RunDirectory directory, Trainer trainer, Batches batches) {
    long begun = (trainer.steps() + batches.count() - 1) / batches.count();
    if (begun > config.train().epochs()) {
      throw new ConfigException(
          String.format(
              "train.epochs=%d: %s is in epoch %d already; give at least that number",
              config.train().epochs(), directory.path(), begun));
    }
  }

  private @Nullable Evaluation test(Trainer trainer, Dataset.Split split, RunDirectory directory) {
    Path best = RunDirectory.best(directory.path());
    boolean hasBest = Files.exists(best);
    @Nullable Evaluation test = null;
    if (split.test().size() > 0) {
      if (hasBest) {
        trainer.load(best);
      }
      test = trainer.evaluate(split.test());
      say("test", test + (hasBest ? "  (best checkpoint)" : "  (last checkpoint)"));
    }
    return test;
  }

  private void describe(
      RunConfig config, Dataset.Split split, Sequential model, long deviceBytes, int batch) {
    long parameters =
        model.parameters().stream().map(Parameter::spec).mapToLong(s -> s.shape().size()).sum();
    say(
        "data",
        String.format(
            "%s: %s train, %s val, %s test; features %s; %s",
            Path.of(config.data().name()).getFileName(),
            count(split.train().size()),
            count(split.validation().size()),
            count(split.test().size()),
            split.train().features().stream()
                .map(spec -> (spec.dtype() == DType.I32 ? "indices " : "") + spec.shape())
                .collect(Collectors.joining(" + ")),
            split.train().classes() > 0
                ? count(split.train().classes()) + " classes"
                : "targets of " + split.train().targetSpec().shape()));
    say(
        "model",
        String.format(
            Locale.ROOT,
            "%s layers, %s parameters, %s on the device at batch %s",
            count(config.layers().size()),
            count(parameters),
            bytes(deviceBytes),
            count(batch)));
  }

  private JsonObject result(
      RunConfig config,
      RunDirectory directory,
      Trainer trainer,
      @Nullable Evaluation test,
      Devices.Opened device) {
    JsonObject result = new JsonObject();
    result.addProperty("status", interrupts.requested() ? "interrupted" : "done");
    result.addProperty("run", directory.path().toString());
    result.addProperty("epochs", config.train().epochs());
    result.addProperty("steps", trainer.steps());
    Stop stop = trainer.stopped();
    if (stop != null) {
      result.addProperty("stopped", stop.sentence());
    }
    if (test != null) {
      JsonObject values = new JsonObject();
      test.values().forEach(values::addProperty);
      result.add("test", values);
    }
    device.addTo(result);
    return result;
  }

  void say(String what, String text) {
    people.printf("%-7s %s%n", what, text);
  }

  /** Passes on to the run directory, which is there only after the trainer is. */
  private static final class Keeper implements TrainingListener {
    private TrainingListener listener = new TrainingListener() {};

    @Override
    public void onStep(Trainer trainer, Progress progress) {
      listener.onStep(trainer, progress);
    }

    @Override
    public void onEpoch(Trainer trainer, dev.tarn.train.EpochResult result) {
      listener.onEpoch(trainer, result);
    }

    @Override
    public void onEnd(Trainer trainer, Stop stop) {
      listener.onEnd(trainer, stop);
    }
  }
}
