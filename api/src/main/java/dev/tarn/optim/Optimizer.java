package dev.tarn.optim;

import dev.tarn.Tensor;
import java.util.List;

/**
 * A rule by which parameters follow their gradients, as a value: it keeps no state of its own.
 *
 * <p>It is applied to whole arenas of parameters at once, so it must be element-wise.
 */
public interface Optimizer {
  /** The names of the moments it keeps for each parameter, for instance {@code [m, v]}. */
  List<String> moments();

  /**
   * The names of the numbers that change from step to step, such as the learning rate; they are
   * inputs of the program and never baked in.
   */
  List<String> scalars();

  /**
   * The numbers named by {@link #scalars} at a step.
   *
   * @param step the step, from 1
   * @param values receives the numbers
   */
  void scalars(long step, double[] values);

  /** Whether parameters that decay need a group of their own. */
  boolean hasWeightDecay();

  /**
   * The values after a step.
   *
   * @param parameter the parameters, f32 {@code [n]}
   * @param gradient their gradients, f32 {@code [n]}
   * @param moments one tensor f32 {@code [n]} per name in {@link #moments}, zeros at the start
   * @param scalars one scalar per name in {@link #scalars}
   * @param decay whether weight decay applies to this group
   */
  Next next(
      Tensor parameter, Tensor gradient, List<Tensor> moments, List<Tensor> scalars, boolean decay);

  /** Parameters and moments after a step. */
  record Next(Tensor parameter, List<Tensor> moments) {}
}
