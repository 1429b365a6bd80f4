package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.Trace;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Updates;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a step is given beside its batch: its number, the seed, and the optimizers' numbers. */
final class StepInputs {
  /** An optimizer's scalars: where they are written, and the inputs that take them. */
  private record Scalars(Optimizer optimizer, double[] values, List<HostTensor> inputs) {}

  private final Map<String, HostTensor> tensors = new HashMap<>();
  private final Map<Integer, Scalars> scalars = new LinkedHashMap<>();
  private final Updates updates;
  private double scale = 1;

  /**
   * The inputs of a training's steps.
   *
   * @param scalar F64 where the reference computes in double, F32 everywhere else
   */
  StepInputs(Updates updates, List<ParameterGroup> groups, long seed, Spec scalar) {
    this.updates = updates;
    tensors.put(Trace.SEED, HostTensor.of(new int[] {(int) seed, (int) (seed >>> 32)}, 2));
    tensors.put(Trace.STEP, HostTensor.scalar(0));
    tensors.put(StepPrograms.KEEP, HostTensor.zeros(scalar));
    for (ParameterGroup group : groups) {
      List<HostTensor> inputs = new ArrayList<>();
      for (String name : group.optimizer().scalars()) {
        inputs.add(tensors.computeIfAbsent(group.input(name), key -> HostTensor.zeros(scalar)));
      }
      scalars.putIfAbsent(
          group.number(), new Scalars(group.optimizer(), new double[inputs.size()], inputs));
    }
  }

  /** The inputs by name. */
  Map<String, HostTensor> tensors() {
    return tensors;
  }

  /** Sets them for a step. */
  void set(Turn turn) {
    tensors.get(Trace.STEP).ints()[0] = (int) turn.step();
    tensors.get(StepPrograms.KEEP).set(0, turn.first() ? 0 : 1);
    if (turn.last()) {
      for (Scalars group : scalars.values()) {
        group.optimizer().scalars(turn.update(), scale, group.values());
        for (int i = 0; i < group.values().length; i++) {
          group.inputs().get(i).set(0, group.values()[i]);
        }
      }
    }
  }

  /** Multiplies the learning rates of all steps from here on. */
  void scaleLearningRates(double factor) {
    scale = factor;
  }

  /** What learning rates are multiplied by. */
  double scale() {
    return scale;
  }

  /** The learning rate that the main optimizer has in an update, from 1; NaN if it has none. */
  double learningRate(long update) {
    return scale * updates.optimizer().learningRate(update);
  }
}
