package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Finds a learning rate by a short training in which it grows from step to step (L. N. Smith 2017,
 * "Cyclical Learning Rates for Training Neural Networks").
 *
 * <p>The rate grows by the same factor at each step. The losses of the batches are smoothed by
 * {@code a = s a + (1 - s) loss}, divided by {@code 1 - s^t} (as Adam's moments are). The run ends
 * early where the smoothed loss exceeds four times its least, or a step gives NaN or infinity.
 *
 * @param least the learning rate of the first step, above 0
 * @param most the learning rate of the last step, above {@code least}
 * @param steps the number of steps, at least 10
 * @param smoothing {@code s}, in [0, 1)
 */
public record LearningRateFinder(double least, double most, int steps, double smoothing) {
  /** From 1e-7 to 10 in 100 steps, with a smoothing of 0.9. */
  public static final LearningRateFinder USUAL = new LearningRateFinder(1e-7, 10, 100, 0.9);

  private static final double TOO_MUCH = 4;

  /** What is learned at the least smoothed loss counts if it fell by this share of the first. */
  private static final double PROGRESS = 0.05;

  /** Checks the ranges. */
  public LearningRateFinder {
    if (!(least > 0 && most > least && most < Double.POSITIVE_INFINITY)) {
      throw new TarnException(
          "learning rate finder: rates must be above 0 and rise, not " + least + " to " + most);
    }
    if (steps < 10 || !(smoothing >= 0 && smoothing < 1)) {
      throw new TarnException(
          "learning rate finder: at least 10 steps and a smoothing in [0, 1) are needed, not "
              + steps
              + " and "
              + smoothing);
    }
  }

  /**
   * A step of the run.
   *
   * @param learningRate the learning rate of the update
   * @param loss the smoothed loss up to this step, measured before its update
   */
  public record Point(double learningRate, double loss) {}

  /**
   * What a run gave.
   *
   * @param points one for each step, rates rising
   */
  public record Result(List<Point> points) {
    /** Copies the list. */
    public Result {
      points = List.copyOf(points);
    }

    /**
     * A tenth of the learning rate at which the smoothed loss was least: there the loss still falls
     * steeply, and the training is not yet about to diverge. Empty if the loss never fell by a
     * twentieth of the first.
     */
    public OptionalDouble suggestion() {
      Point best = points.get(0);
      for (Point point : points) {
        best = point.loss() < best.loss() ? point : best;
      }
      boolean learned = best.loss() < (1 - PROGRESS) * points.get(0).loss();
      return learned ? OptionalDouble.of(best.learningRate() / 10) : OptionalDouble.empty();
    }
  }

  /**
   * Runs {@link #USUAL}.
   *
   * @throws TarnException as {@link #find} does
   */
  public static Result run(Trainer trainer, Batches train) {
    return USUAL.find(trainer, train);
  }

  /**
   * Runs the short training and puts the trainer back as it was. Each batch makes an update of its
   * own; groups with other learning rates keep their proportion. Batches start again when they run
   * out.
   *
   * @throws TarnException if the first step gives NaN or infinity, or the optimizer has no learning
   *     rate
   */
  public Result find(Trainer trainer, Batches train) {
    TrainStep step = trainer.prepare(train);
    double kept = step.inputs().scale();
    Map<State, HostTensor> before = new LinkedHashMap<>();
    for (State state : step.checkpointStates()) {
      before.put(state, step.read(state).copy());
    }
    try {
      return new Result(points(trainer, step, train));
    } finally {
      before.forEach(step::write);
      step.forgetFailure();
      step.inputs().scaleLearningRates(kept);
    }
  }

  private List<Point> points(Trainer trainer, TrainStep step, Batches train) {
    step.takeSums();
    List<Point> points = new ArrayList<>();
    double average = 0;
    double lowest = Double.POSITIVE_INFINITY;
    for (int i = 0; i < steps; i++) {
      if (i % train.count() == 0) {
        train.startEpoch(trainer.settings().seed(), i / train.count());
      }
      Batch batch = train.load(i % train.count());
      long number = trainer.steps() + i + 1;
      double rate = least * StrictMath.pow(most / least, (double) i / (steps - 1));
      step.inputs().scaleLearningRates(1);
      double base = step.inputs().learningRate(number);
      if (!(base > 0)) {
        throw new TarnException(
            "learning rate finder: the optimizer has no learning rate above 0 to scale: implement"
                + " Optimizer.learningRate");
      }
      step.inputs().scaleLearningRates(rate / base);
      step.train(new Turn(number, number, true, true), batch);
      double loss = trainer.objective().evaluation(step.takeSums(), batch.size()).loss();
      if (step.failedStep() != 0 || !Double.isFinite(loss)) {
        break;
      }
      average = smoothing * average + (1 - smoothing) * loss;
      double smoothed = average / (1 - StrictMath.pow(smoothing, i + 1));
      lowest = Math.min(lowest, smoothed);
      points.add(new Point(rate, smoothed));
      if (smoothed > TOO_MUCH * lowest) {
        break;
      }
    }
    if (points.isEmpty()) {
      throw new TarnException(
          "learning rate finder: the first step gave NaN or infinity: look at the data and the"
              + " initial values");
    }
    return points;
  }
}
