package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.data.Batches.Batch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How large a layer's parameters, gradients and activations are.
 *
 * @param layer the path of the module, such as {@code encoder.dense1}
 * @param elements the number of its parameters' elements
 * @param parameterNorm the Euclidean norm of its parameters
 * @param gradientNorm the Euclidean norm of their gradients in the last training step: 0 before the
 *     first, NaN if all are frozen
 * @param activations of the functions relu, tanh and sigmoid that follow the layer; empty if it was
 *     not looked at them
 */
public record LayerStatistics(
    String layer,
    long elements,
    double parameterNorm,
    double gradientNorm,
    List<Activations> activations) {
  /**
   * What a function gave for a batch.
   *
   * @param function {@code relu}, {@code tanh} or {@code sigmoid}
   * @param mean over all elements
   * @param deviation their standard deviation
   * @param units the number of units: of channels, where examples are images
   * @param dead the number of units that are 0 for every example
   * @param examples the number of examples in the batch
   */
  public record Activations(
      String function, double mean, double deviation, int units, int dead, int examples) {
    static Activations of(String function, HostTensor values) {
      int examples = values.shape().dim(0);
      int units = values.shape().rank() > 1 ? values.shape().dim(1) : 1;
      int inner = values.size() / (examples * units);
      boolean[] alive = new boolean[units];
      double sum = 0;
      double squares = 0;
      for (int i = 0; i < values.size(); i++) {
        double value = values.get(i);
        sum += value;
        squares += value * value;
        alive[i / inner % units] |= value != 0;
      }
      int dead = 0;
      for (boolean lives : alive) {
        dead += lives ? 0 : 1;
      }
      double mean = sum / values.size();
      double variance = Math.max(0, squares / values.size() - mean * mean);
      return new Activations(function, mean, Math.sqrt(variance), units, dead, examples);
    }
  }

  /** Copies the list. */
  public LayerStatistics {
    activations = List.copyOf(activations);
  }

  /** The root of the mean of the gradient's squares. */
  double gradientSize() {
    return gradientNorm / Math.sqrt(elements);
  }

  /** The statistics of each layer that has parameters, without activations; states are read. */
  public static List<LayerStatistics> of(TrainStep step) {
    return of(step, Map.of());
  }

  /**
   * The statistics of each layer that has parameters, with activations in a step of training on a
   * batch, which has no effect. The step runs node by node with all its values in memory.
   *
   * @param number the number of the step, which draws dropout
   */
  public static List<LayerStatistics> of(TrainStep step, long number, Batch batch) {
    ActivationVisitor visitor = new ActivationVisitor();
    step.visit(number, batch, visitor);
    return of(step, visitor.activations());
  }

  private static List<LayerStatistics> of(
      TrainStep step, Map<String, List<Activations>> activations) {
    Map<String, List<State>> layers = new LinkedHashMap<>();
    for (State parameter : step.parameters()) {
      layers.computeIfAbsent(layer(parameter.name()), key -> new ArrayList<>()).add(parameter);
    }
    Map<String, HostTensor> gradients = step.gradients();
    List<LayerStatistics> statistics = new ArrayList<>();
    layers.forEach(
        (layer, parameters) -> {
          long elements = 0;
          double squares = 0;
          double gradientSquares = 0;
          boolean trained = false;
          for (State parameter : parameters) {
            elements += parameter.spec().shape().size();
            squares += squares(step.read(parameter));
            HostTensor gradient = gradients.get(parameter.name());
            gradientSquares += gradient == null ? 0 : squares(gradient);
            trained |= gradient != null;
          }
          statistics.add(
              new LayerStatistics(
                  layer,
                  elements,
                  Math.sqrt(squares),
                  trained ? Math.sqrt(gradientSquares) : Double.NaN,
                  activations.getOrDefault(layer, List.of())));
        });
    return statistics;
  }

  private static double squares(HostTensor tensor) {
    double sum = 0;
    for (double value : tensor.toDoubles()) {
      sum += value * value;
    }
    return sum;
  }

  /** The path of the module that has a parameter. */
  static String layer(String parameter) {
    int dot = parameter.lastIndexOf('.');
    return dot < 0 ? parameter : parameter.substring(0, dot);
  }

  /** The functions that are looked at. */
  static final Set<String> FUNCTIONS = Set.of("relu", "tanh", "sigmoid");
}
