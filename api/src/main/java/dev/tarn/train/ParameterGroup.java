package dev.tarn.train;

import dev.tarn.Arena;
import dev.tarn.Parameter;
import dev.tarn.State;
import dev.tarn.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;

/**
 * Parameters that an optimizer treats alike, with their gradients and moments in parallel arenas.
 *
 * @param decays whether weight decay applies
 * @param parameters the arena of the parameters
 * @param gradients the arena of their gradients
 * @param moments one arena per moment of the optimizer
 */
record ParameterGroup(boolean decays, Arena parameters, Arena gradients, List<Arena> moments) {
  /** The groups for an optimizer: one, or two if weight decay leaves some parameters alone. */
  static List<ParameterGroup> of(List<Parameter> parameters, Optimizer optimizer) {
    List<ParameterGroup> groups = new ArrayList<>();
    if (!optimizer.hasWeightDecay()) {
      groups.add(of("all", true, parameters, optimizer));
      return groups;
    }
    for (boolean decays : new boolean[] {true, false}) {
      List<Parameter> some = parameters.stream().filter(p -> p.decays() == decays).toList();
      if (!some.isEmpty()) {
        groups.add(of(decays ? "decay" : "no_decay", decays, some, optimizer));
      }
    }
    return groups;
  }

  private static ParameterGroup of(
      String name, boolean decays, List<Parameter> parameters, Optimizer optimizer) {
    Arena arena = Arena.of("parameters." + name, parameters);
    List<Arena> moments = new ArrayList<>();
    for (String moment : optimizer.moments()) {
      moments.add(
          arena.like(moment + "." + name, parameter -> "optimizer." + moment + "." + parameter));
    }
    Arena gradients = arena.like("gradients." + name, parameter -> "gradient." + parameter);
    return new ParameterGroup(decays, arena, gradients, moments);
  }

  /** All arenas. */
  List<State> arenas() {
    List<State> all = new ArrayList<>(List.of(parameters, gradients));
    all.addAll(moments);
    return all;
  }
}
