package dev.tarn.cli;

import dev.tarn.HostTensor;
import dev.tarn.Parameter;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import dev.tarn.train.TrainStep;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Compares a training step's gradients with central finite differences {@code (f(w + h) - f(w - h))
 * / 2h}, in double.
 */
final class GradientChecker {
  /**
   * How far weights are moved. At a kink, such as a ReLU's at 0, a difference is wrong however
   * right the gradient is, and a smaller move mostly stays on one side of it.
   */
  private static final double[] MOVES = {1e-5, 1e-6, 1e-7};

  /** Differences below this, relative to the largest gradient of all, are rounding. */
  private static final double NOISE = 1e-6;

  /**
   * What was found for a parameter.
   *
   * @param name the parameter
   * @param elements how many elements it has
   * @param checked how many of them were looked at
   * @param largest the largest relative error
   * @param index the element that has it
   * @param gradient what backpropagation says there
   * @param difference what finite differences say there
   */
  record Result(
      String name,
      long elements,
      int checked,
      double largest,
      int index,
      double gradient,
      double difference) {}

  private final TrainStep step;
  private final Batch batch;
  private final boolean weighted;
  private final Map<State, HostTensor> start = new LinkedHashMap<>();

  /**
   * A checker.
   *
   * @param step a step of one loss and no metrics on the reference in double, with its initial
   *     values
   * @param weighted whether the loss weighs its examples
   * @throws TarnException if the batch's examples weigh nothing, so that there are no gradients
   */
  GradientChecker(TrainStep step, Batch batch, boolean weighted) {
    this.step = step;
    this.batch = batch;
    this.weighted = weighted;
    step.checkpointStates().forEach(state -> start.put(state, step.read(state)));
  }

  /**
   * Checks some elements of every parameter.
   *
   * @param most how many of each; chosen at random
   */
  List<Result> check(int most, long seed) {
    if (Double.isNaN(loss())) {
      throw new TarnException(
          "gradcheck: the batch's examples weigh 0 together (class_weights, ignore_index):"
              + " take more with --batch");
    }
    Map<String, HostTensor> gradients = step.gradients();
    double scale = 0;
    for (HostTensor gradient : gradients.values()) {
      for (int i = 0; i < gradient.size(); i++) {
        scale = Math.max(scale, Math.abs(gradient.get(i)));
      }
    }
    List<Result> results = new ArrayList<>();
    for (State state : step.parameterStates()) {
      HostTensor gradient = gradients.get(state.name());
      if (state instanceof Parameter && gradient != null) {
        results.add(check(state, gradient, most, scale, new Random(seed)));
      }
    }
    restore();
    return results;
  }

  private Result check(State state, HostTensor gradient, int most, double scale, Random random) {
    int size = gradient.size();
    int count = Math.min(size, most);
    Result worst = new Result(state.name(), size, count, -1, 0, 0, 0);
    for (int i = 0; i < count; i++) {
      int index = size <= most ? i : random.nextInt(size);
      double exact = gradient.get(index);
      double error = Double.POSITIVE_INFINITY;
      double nearest = 0;
      for (double move : MOVES) {
        double difference = (loss(state, index, move) - loss(state, index, -move)) / (2 * move);
        double size2 = Math.max(Math.abs(exact), Math.abs(difference));
        double relative = Math.abs(exact - difference) / Math.max(size2, NOISE * scale + 1e-12);
        if (relative < error) {
          error = relative;
          nearest = difference;
        }
        if (error < 1e-6) {
          break;
        }
      }
      if (!(error <= worst.largest)) {
        worst = new Result(state.name(), size, count, error, index, exact, nearest);
      }
    }
    return worst;
  }

  private double loss(State state, int index, double move) {
    restore();
    HostTensor value = step.read(state);
    value.set(index, value.get(index) + move);
    step.write(state, value);
    return loss();
  }

  /**
   * The mean loss of a step of training, NaN if nothing has a weight; it moves the weights, too.
   */
  private double loss() {
    step.train(1, batch);
    double[] sums = step.takeSums();
    return sums[0] / (weighted ? sums[sums.length - 1] : batch.size());
  }

  private void restore() {
    start.forEach(step::write);
  }
}
