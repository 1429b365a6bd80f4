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
   * The names of the numbers that change from update to update, such as the learning rate; they are
   * inputs of the program and never baked in.
   */
  List<String> scalars();

  /**
   * The numbers named by {@link #scalars} for an update.
   *
   * @param update the number of the update, from 1
   * @param scale what the learning rate is multiplied by, 1 unless a {@link Plateau} lowered it
   * @param values receives the numbers
   */
  void scalars(long update, double scale, double[] values);

  /** The learning rate of an update, from 1, before any {@link Plateau}; NaN if it has none. */
  default double learningRate(long update) {
    return Double.NaN;
  }

  /** Whether weights, which are penalised, need another group than biases, which are not. */
  boolean hasWeightDecay();

  /**
   * The values after an update.
   *
   * @param parameter the parameters, f32 {@code [n]}
   * @param gradient their gradients, f32 {@code [n]}
   * @param moments one tensor f32 {@code [n]} per name in {@link #moments}, zeros at the start
   * @param scalars one scalar per name in {@link #scalars}
   * @param decay whether penalties on weights apply to this group
   */
  Next next(
      Tensor parameter, Tensor gradient, List<Tensor> moments, List<Tensor> scalars, boolean decay);

  /**
   * This optimizer with an L1 penalty: {@code l1 sign(p)} is added to the gradients of weights.
   *
   * @throws dev.tarn.TarnException if the factor is not positive
   */
  default Optimizer l1(double factor) {
    return new L1Penalty(this, factor);
  }

  /** Parameters and moments after an update. */
  record Next(Tensor parameter, List<Tensor> moments) {}
}
