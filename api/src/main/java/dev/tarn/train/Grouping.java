package dev.tarn.train;

import dev.tarn.Arena;
import dev.tarn.Parameter;
import dev.tarn.TarnException;
import dev.tarn.optim.Optimizer;
import dev.tarn.optim.Updates;
import dev.tarn.optim.Updates.Group;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which optimizer each parameter of a model has.
 *
 * @param trained the groups of parameters that are trained
 * @param frozen the arena of those that are not, or null if there are none
 */
record Grouping(List<ParameterGroup> trained, @Nullable Arena frozen) {
  /**
   * Distributes parameters.
   *
   * @throws TarnException if a group has no parameter, or none is left to train
   */
  static Grouping of(List<Parameter> parameters, Updates updates) {
    List<Parameter> left = new ArrayList<>(parameters);
    List<Parameter> frozen = new ArrayList<>();
    List<ParameterGroup> trained = new ArrayList<>();
    int number = 0;
    for (Group group : updates.groups()) {
      number++;
      List<Parameter> some = left.stream().filter(p -> group.matches(p.name())).toList();
      if (some.isEmpty()) {
        throw new TarnException(
            "optimizer: no parameter is left for the group '"
                + group.match()
                + "'; there are "
                + String.join(", ", left.stream().map(Parameter::name).toList()));
      }
      left.removeAll(some);
      Optimizer optimizer = group.optimizer();
      if (optimizer == null) {
        frozen.addAll(some);
      } else {
        trained.addAll(ParameterGroup.of(number, optimizer, some));
      }
    }
    trained.addAll(0, ParameterGroup.of(0, updates.optimizer(), left));
    if (trained.isEmpty() && !parameters.isEmpty()) {
      throw new TarnException("optimizer: every parameter is frozen; nothing is left to train");
    }
    return new Grouping(trained, frozen.isEmpty() ? null : Arena.of("parameters.frozen", frozen));
  }
}
