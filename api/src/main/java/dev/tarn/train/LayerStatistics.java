package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.data.Batches.Batch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
   * @param name the path of its module, such as {@code relu1}; empty if it has none
   * @param function {@code relu}, {@code tanh} or {@code sigmoid}
   * @param mean over all elements
   * @param deviation their standard deviation
   * @param units the number of units: of channels, where examples are images
   * @param dead the number of units that are 0 for every example
   * @param examples the number of examples in the batch
   */
  public record Activations(
      String name,
      String function,
      double mean,
      double deviation,
      int units,
      int dead,
      int examples) {}

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
   * The statistics of each layer that has parameters, with activations in a forward pass on a batch
   * as in training, which has no effect. It is a program of its own, compiled once for each shape.
   *
   * @param number the number of the step, which draws dropout
   * @throws dev.tarn.backend.DeviceMemoryException if the device's memory does not hold it
   */
  public static List<LayerStatistics> of(TrainStep step, long number, Batch batch) {
    return of(step, step.probe(number, batch, true).activations());
  }

  static List<LayerStatistics> of(TrainStep step, Map<String, List<Activations>> activations) {
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
}
