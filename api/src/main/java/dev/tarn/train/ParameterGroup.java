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
 * @param number of the optimizer: 0 for that of the training, from 1 for those of its groups
 * @param optimizer the optimizer
 * @param decays whether penalties on weights apply
 * @param parameters the arena of the parameters
 * @param gradients the arena of their gradients
 * @param moments one arena per moment of the optimizer
 */
record ParameterGroup(
    int number,
    Optimizer optimizer,
    boolean decays,
    Arena parameters,
    Arena gradients,
    List<Arena> moments) {
  /** The groups for an optimizer: one, or two if weight decay leaves some parameters alone. */
  static List<ParameterGroup> of(int number, Optimizer optimizer, List<Parameter> parameters) {
    List<ParameterGroup> groups = new ArrayList<>();
    String suffix = number == 0 ? "" : "." + number;
    if (!optimizer.hasWeightDecay() && !parameters.isEmpty()) {
      groups.add(of("all" + suffix, number, optimizer, true, parameters));
    }
    if (!optimizer.hasWeightDecay()) {
      return groups;
    }
    for (boolean decays : new boolean[] {true, false}) {
      List<Parameter> some = parameters.stream().filter(p -> p.decays() == decays).toList();
      if (!some.isEmpty()) {
        String name = (decays ? "decay" : "no_decay") + suffix;
        groups.add(of(name, number, optimizer, decays, some));
      }
    }
    return groups;
  }

  private static ParameterGroup of(
      String name, int number, Optimizer optimizer, boolean decays, List<Parameter> parameters) {
    Arena arena = Arena.of("parameters." + name, parameters);
    List<Arena> moments = new ArrayList<>();
    for (String moment : optimizer.moments()) {
      moments.add(
          arena.like(moment + "." + name, parameter -> "optimizer." + moment + "." + parameter));
    }
    Arena gradients = arena.like("gradients." + name, parameter -> "gradient." + parameter);
    return new ParameterGroup(number, optimizer, decays, arena, gradients, moments);
  }

  /** The name of the input that holds one of the optimizer's scalars. */
  String input(String scalar) {
    return number == 0 ? scalar : scalar + "." + number;
  }

  /** All arenas. */
  List<State> arenas() {
    List<State> all = new ArrayList<>(List.of(parameters, gradients));
    all.addAll(moments);
    return all;
  }
}
