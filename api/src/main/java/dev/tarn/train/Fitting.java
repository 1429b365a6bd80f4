package dev.tarn.train;

import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import dev.tarn.optim.Plateau;
import dev.tarn.train.Stop.Reason;
import dev.tarn.train.TrainingListener.Progress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One call of {@code fit}: the loop over epochs and steps, and the rules that end it. */
final class Fitting {
  /** Sums move from the device to doubles, and the flag is looked at, every so many steps. */
  private static final int READ_EVERY = 64;

  private final Trainer trainer;
  private final TrainStep step;
  private final Course course;
  private final Batches train;
  private final @Nullable Dataset validation;
  private final int epochs;
  private final long start = System.nanoTime();
  private final List<EpochResult> history;
  private long examples;

  /**
   * Checks what was asked for.
   *
   * @param history receives what each epoch gives
   */
  Fitting(
      Trainer trainer,
      TrainStep step,
      Course course,
      List<EpochResult> history,
      Batches train,
      @Nullable Dataset validation,
      int epochs) {
    this.trainer = trainer;
    this.step = step;
    this.course = course;
    this.history = history;
    this.train = train;
    this.validation = validation;
    this.epochs = epochs;
    if (step.parameters().isEmpty()) {
      throw new TarnException(
          "trainer: the model has no parameters, so there is nothing to train; give it a layer"
              + " that has, or call evaluate");
    }
    rules().targets().keySet().forEach(this::checkMeasured);
    EarlyStopping early = trainer.settings().earlyStopping();
    if (early != null) {
      checkMeasured(early.metric());
    }
    course.position = course.position.of(train.count());
  }

  private StopRules rules() {
    return trainer.settings().stop();
  }

  private void checkMeasured(String name) {
    trainer.objective().measured().check(name, validation != null);
  }

  /** Trains until a rule holds, and restores the best weights if that is asked for. */
  Stop run() {
    trainer.settings().listeners().forEach(listener -> listener.onStart(trainer, epochs));
    @Nullable Stop stop = afterEpoch();
    while (stop == null) {
      // A checkpoint saved after an epoch's last step has that epoch's results still to give.
      Position at = course.position;
      long begun = at.examples() > 0 ? at.step() - 1 : at.step();
      int epoch = (int) (begun / train.count());
      if (epoch >= epochs) {
        stop = new Stop(Reason.EPOCHS, epochs == 1 ? "the epoch is done" : epochs + " epochs done");
      } else {
        stop = epoch(epoch);
      }
    }
    Stop last = stop;
    trainer.settings().listeners().forEach(listener -> listener.onEnd(trainer, last));
    return restored(last);
  }

  /** One epoch, or what is left of it; why it was not finished, or why it was the last one. */
  private @Nullable Stop epoch(int epoch) {
    long begin = System.nanoTime();
    train.startEpoch(trainer.settings().seed(), epoch);
    int first = (int) (course.position.step() - (long) epoch * train.count());
    double change = Double.POSITIVE_INFINITY;
    for (int i = first; i < train.count(); i++) {
      @Nullable Stop stop = betweenSteps();
      if (stop != null) {
        return stop;
      }
      boolean compared = rules().update() > 0 && i == train.count() - 1;
      List<double[]> before = compared ? parameters() : List.of();
      Batch batch = train.load(i);
      step.train(turn(course.position.step() + 1), batch);
      course.position = course.position.next(batch.size());
      examples += batch.size();
      if (course.position.step() % READ_EVERY == 0) {
        collect();
      }
      if (compared) {
        change = largestChange(before, parameters());
      }
      long number = course.position.step();
      Progress where = new Progress(epoch + 1, epochs, i + 1, train.count(), number, examples);
      trainer.settings().listeners().forEach(listener -> listener.onStep(trainer, where));
    }
    collect();
    finish(epoch + 1, begin, change);
    return afterEpoch();
  }

  /** Takes the sums off the device and looks at the flag. */
  private void collect() {
    course.position = course.position.plus(step.takeSums());
    int failed = step.failedStep();
    if (failed != 0) {
      trainer.explain(failed);
    }
  }

  private Turn turn(long number) {
    return Turn.of(number, train.count(), trainer.settings().updates().accumulate());
  }

  /** Evaluates, remembers, and tells the listeners, of which one saves all that is remembered. */
  private void finish(int epoch, long begin, double change) {
    Position at = course.position;
    Evaluation trained = trainer.objective().evaluation(at.sums(), at.examples());
    course.position = at.nextEpoch();
    @Nullable Evaluation validated = validation == null ? null : trainer.evaluate(validation);
    double seconds = (System.nanoTime() - begin) / 1e9;
    double rate = step.inputs().learningRate(turn(at.step()).update());
    EpochResult result = new EpochResult(epoch, at.step(), trained, validated, seconds, rate);
    Plateau plateau = trainer.settings().plateau();
    if (plateau != null) {
      course.plateau = plateau.next(course.plateau, result.best().loss());
      step.inputs().scaleLearningRates(course.plateau.scale());
    }
    EarlyStopping early = trainer.settings().earlyStopping();
    if (early != null) {
      boolean higher = trainer.objective().measured().higherIsBetter(early.metric());
      course.early = early.next(course.early, epoch, result.best().get(early.metric()), higher);
      if (course.early.epoch() == epoch) {
        course.best.clear();
        step.parameterStates()
            .forEach(state -> course.best.put(state.name(), step.read(state).copy()));
      }
    }
    course.stop = convergence(result, change);
    history.add(result);
    trainer.settings().listeners().forEach(listener -> listener.onEpoch(trainer, result));
  }

  /** The rules about how well or how little was learned, but early stopping. */
  private @Nullable Stop convergence(EpochResult result, double change) {
    Map<String, Double> targets = rules().targets();
    if (!targets.isEmpty() && targets.keySet().stream().allMatch(name -> reached(result, name))) {
      return new Stop(Reason.TARGET, "reached " + new Evaluation(reachedValues(result), 0));
    }
    if (rules().gradientNorm() > 0) {
      double norm = step.gradientNorm();
      if (norm < rules().gradientNorm()) {
        return new Stop(
            Reason.GRADIENT_NORM,
            String.format(
                Locale.ROOT, "the gradients' norm %.3g is below %s", norm, rules().gradientNorm()));
      }
    }
    return change < rules().update()
        ? new Stop(
            Reason.UPDATE,
            String.format(
                Locale.ROOT,
                "the last step changed no parameter by more than %.3g, below %s",
                change,
                rules().update()))
        : null;
  }

  private boolean reached(EpochResult result, String name) {
    double value = result.best().get(name);
    double target = rules().targets().get(name);
    return trainer.objective().measured().higherIsBetter(name) ? value >= target : value <= target;
  }

  private Map<String, Double> reachedValues(EpochResult result) {
    Map<String, Double> values = new LinkedHashMap<>();
    rules().targets().keySet().forEach(name -> values.put(name, result.best().get(name)));
    return values;
  }

  /** What the rules that are looked at between epochs say, at the start as well. */
  private @Nullable Stop afterEpoch() {
    Stop held = course.stop;
    if (held != null && isSet(held.reason())) {
      return held;
    }
    EarlyStopping early = trainer.settings().earlyStopping();
    if (early != null && course.early.bad() >= early.patience()) {
      return new Stop(
          Reason.EARLY_STOPPING,
          String.format(
              "no better %s %s for %s",
              validation == null ? "training" : "validation",
              early.metric(),
              early.patience() == 1 ? "one epoch" : early.patience() + " epochs"));
    }
    return betweenSteps();
  }

  private boolean isSet(Reason reason) {
    return switch (reason) {
      case GRADIENT_NORM -> rules().gradientNorm() > 0;
      case UPDATE -> rules().update() > 0;
      case TARGET -> !rules().targets().isEmpty();
      default -> false;
    };
  }

  /** What the rules that are looked at after every step say. */
  private @Nullable Stop betweenSteps() {
    Stop asked = trainer.takeRequest();
    if (asked != null) {
      return asked;
    }
    if (rules().steps() > 0 && course.position.step() >= rules().steps()) {
      return new Stop(Reason.STEPS, rules().steps() + " steps done");
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    if (rules().seconds() > 0 && seconds >= rules().seconds()) {
      return new Stop(Reason.SECONDS, rules().seconds() + " seconds are over");
    }
    return null;
  }

  /** Puts the weights of the best epoch back, unless the training is to be gone on with. */
  private Stop restored(Stop stop) {
    if (course.best.isEmpty() || stop.reason() == Reason.INTERRUPTED) {
      return stop;
    }
    for (State state : step.parameterStates()) {
      step.write(state, Objects.requireNonNull(course.best.get(state.name())));
    }
    return new Stop(
        stop.reason(),
        stop.sentence() + "; weights of epoch " + course.early.epoch() + " restored");
  }

  private List<double[]> parameters() {
    return step.parameters().stream().map(state -> step.read(state).toDoubles()).toList();
  }

  private static double largestChange(List<double[]> before, List<double[]> after) {
    double largest = 0;
    for (int i = 0; i < before.size(); i++) {
      for (int k = 0; k < before.get(i).length; k++) {
        double change = Math.abs(after.get(i)[k] - before.get(i)[k]);
        largest = change <= largest ? largest : change;
      }
    }
    return largest;
  }
}
