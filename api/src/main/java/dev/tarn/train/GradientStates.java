package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.State;
import dev.tarn.backend.StateStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The gradients that a step has left in its states. */
record GradientStates(StepPrograms programs, StateStore store) {
  /** The gradients by parameter name. */
  Map<String, HostTensor> read() {
    Map<String, HostTensor> gradients = new LinkedHashMap<>();
    for (ParameterGroup group : programs.groups()) {
      List<? extends State> parameters = group.parameters().members();
      for (int i = 0; i < parameters.size(); i++) {
        gradients.put(parameters.get(i).name(), store.read(group.gradients().members().get(i)));
      }
    }
    return gradients;
  }

  /** The Euclidean norm of the mean gradients. */
  double norm() {
    double squares = 0;
    for (HostTensor gradient : read().values()) {
      for (double value : gradient.toDoubles()) {
        squares += value * value;
      }
    }
    double weight = programs.accumulates() ? store.read(programs.weight()).item() : 1;
    return Math.sqrt(squares) / weight;
  }
}
