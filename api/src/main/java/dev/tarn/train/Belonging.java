package dev.tarn.train;

import dev.tarn.Pass;
import dev.tarn.State;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import dev.tarn.nn.Module;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Refuses models that use what is not part of them: it would not be trained, nor saved. */
final class Belonging {
  private final Module model;
  private final Trace trace;

  private Belonging(Module model, Trace trace) {
    this.model = model;
    this.trace = trace;
  }

  /**
   * Checks what a model recorded.
   *
   * @param outputs what it gave
   * @return the outputs
   * @throws TarnException if it gave null, or reads a state that is none of its own
   */
  static List<Tensor> check(Module model, Trace trace, @Nullable List<Tensor> outputs) {
    if (outputs == null || outputs.stream().anyMatch(Objects::isNull)) {
      throw new TarnException(model + ": its forward gave null; return a tensor for each output");
    }
    new Belonging(model, trace).checkStates();
    return outputs;
  }

  private void checkStates() {
    Set<State> own = states(model);
    Map<Value, State> foreign = new HashMap<>();
    trace
        .build("forward")
        .states()
        .forEach(
            (state, value) -> {
              if (!own.contains(state)) {
                foreign.put(value, state);
              }
            });
    if (foreign.isEmpty()) {
      return;
    }
    List<Node> nodes = trace.nodes();
    for (int i = 0; i < nodes.size(); i++) {
      for (Value input : nodes.get(i).inputs()) {
        State state = foreign.get(input);
        if (state != null) {
          String line = nodes.get(i).origin().text();
          throw new TarnException((line.isEmpty() ? "" : line + ": ") + reason(i, state));
        }
      }
    }
  }

  private String reason(int node, State state) {
    Module user = around(node).filter(m -> root(m) == model).findFirst().orElse(model);
    Optional<Module> forgotten =
        around(node)
            .map(Belonging::root)
            .filter(m -> m != model && states(m).contains(state))
            .findFirst();
    return forgotten
        .map(
            m ->
                String.format(
                    "%s is used, but is no child of %s: declare it with child(\"name\", ...)",
                    m, user))
        .orElseGet(
            () ->
                String.format(
                    "%s is read, which is no state of %s: make it with parameter(...) or"
                        + " state(...)",
                    state.name(), user));
  }

  /** The modules that recorded a node, the innermost first. */
  private Stream<Module> around(int node) {
    return trace.passes().stream()
        .filter(pass -> pass.first() <= node && node < pass.end())
        .sorted(Comparator.comparingInt(Pass::depth).reversed())
        .map(pass -> (Module) pass.module());
  }

  private static Module root(Module module) {
    Module root = module;
    for (Module next = module; next != null; next = next.parent()) {
      root = next;
    }
    return root;
  }

  private static Set<State> states(Module module) {
    Set<State> states = new HashSet<>(module.parameters());
    states.addAll(module.buffers());
    return states;
  }
}
