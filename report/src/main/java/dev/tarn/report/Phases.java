package dev.tarn.report;

import dev.tarn.Arena;
import dev.tarn.Parameter;
import dev.tarn.State;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Tells for each node of a program its phase and its layer. */
final class Phases {
  /** The layer of what depends on the target. */
  static final String LOSS = "loss";

  /** The input that holds what the model is to give; several are numbered {@code target.0}. */
  private static final String TARGET = "target";

  /** What stands between a source line and the number of its pass. */
  private static final String PASS = " pass ";

  /** What the names of states that hold gradients begin with. */
  private static final String GRADIENT = "gradient.";

  private final Program program;
  private final Map<Value, Node> producers = new HashMap<>();
  private final Map<Value, State> states = new HashMap<>();
  private final Set<Node> forward = new HashSet<>();
  private final Set<Node> backward = new HashSet<>();
  private final Set<Value> afterTarget = new HashSet<>();
  private final Map<Value, String> gradients = new HashMap<>();
  private final Map<Value, String> feeds = new HashMap<>();
  private final Map<Node, String> layers = new HashMap<>();

  private Phases(Program program) {
    this.program = program;
  }

  static Phases of(Program program) {
    Phases phases = new Phases(program);
    phases.run();
    return phases;
  }

  private void run() {
    for (Node node : program.body()) {
      node.outputs().forEach(value -> producers.put(value, node));
    }
    program.states().forEach((state, value) -> states.put(value, state));
    program.outputs().forEach(output -> ancestors(output.value(), forward));
    program
        .updates()
        .forEach(
            (state, value) -> {
              if (state.name().startsWith(GRADIENT)) {
                gradients.put(value, state.name().substring(GRADIENT.length()));
                ancestors(value, backward);
              }
            });
    backward.removeAll(forward);
    for (Program.Input input : program.inputs()) {
      if (input.name().equals(TARGET) || input.name().startsWith(TARGET + ".")) {
        afterTarget.add(input.value());
      }
    }
    for (Node node : program.body()) {
      if (forward.contains(node) && node.inputs().stream().anyMatch(afterTarget::contains)) {
        afterTarget.addAll(node.outputs());
      }
    }
    feedGradients();
    assign();
  }

  /** What only sums or reshapes on the way to a gradient is of the gradient's layer. */
  private void feedGradients() {
    Map<Value, Integer> readers = new HashMap<>();
    for (Node node : program.body()) {
      if (backward.contains(node)) {
        node.inputs().forEach(value -> readers.merge(value, 1, Integer::sum));
      }
    }
    feeds.putAll(gradients);
    List<Node> body = program.body();
    for (int i = body.size() - 1; i >= 0; i--) {
      Node node = body.get(i);
      boolean shapes = node.op() instanceof Reduce || node.op() instanceof Reshape;
      if (shapes
          && feeds.containsKey(node.output())
          && readers.getOrDefault(node.inputs().get(0), 0) == 1) {
        feeds.put(node.inputs().get(0), feeds.get(node.output()));
      }
    }
  }

  private void ancestors(Value value, Set<Node> found) {
    List<Value> open = new ArrayList<>(List.of(value));
    while (!open.isEmpty()) {
      Node node = producers.get(open.remove(open.size() - 1));
      if (node != null && found.add(node)) {
        open.addAll(node.inputs());
      }
    }
  }

  /** Nodes of one source line are of the layer of which they read parameters. */
  private void assign() {
    Map<String, Set<String>> atOrigin = new HashMap<>();
    for (Node node : program.body()) {
      if (forward.contains(node)) {
        own(node)
            .ifPresent(
                layer ->
                    atOrigin
                        .computeIfAbsent(node.origin().text(), key -> new LinkedHashSet<>())
                        .add(layer));
      }
    }
    Map<String, Integer> passes = new HashMap<>();
    String current = "";
    ModelGraph.Phase last = ModelGraph.Phase.INPUT;
    for (Node node : program.body()) {
      String origin = node.origin().text();
      String named = node.origin().layer();
      if (!named.isEmpty() && phase(node) != ModelGraph.Phase.OTHER) {
        layers.put(node, named);
        current = named;
        last = phase(node);
        continue;
      }
      Set<String> candidates = atOrigin.getOrDefault(origin, Set.of());
      String layer;
      if (candidates.size() == 1 && !origin.isEmpty()) {
        layer = candidates.iterator().next();
      } else if (candidates.isEmpty() && !origin.isEmpty()) {
        boolean on = phase(node) == last && origin(current).equals(origin);
        layer = on ? current : line(node, origin, passes);
      } else {
        // A line with several layers: what reads no parameter goes with what was before it.
        layer = own(node).or(() -> inherited(node)).orElse(current);
      }
      layers.put(node, layer);
      current = layer;
      last = phase(node);
    }
  }

  /**
   * A source line as a layer. A line in a loop is another layer each time it is passed; backward
   * passes them in reverse.
   */
  private String line(Node node, String origin, Map<String, Integer> passes) {
    if (backward.contains(node)) {
      Optional<String> known = inherited(node).filter(layer -> origin(layer).equals(origin));
      int pass = passes.merge(origin, -1, Integer::sum) + 1;
      return known.orElse(named(origin, Math.max(1, pass)));
    }
    return named(origin, forward.contains(node) ? passes.merge(origin, 1, Integer::sum) : 1);
  }

  private static String named(String origin, int pass) {
    return pass == 1 ? origin : origin + PASS + pass;
  }

  /** The source line of a layer that is one, without the number of its pass. */
  static String origin(String layer) {
    int end = layer.indexOf(PASS);
    return end < 0 ? layer : layer.substring(0, end);
  }

  /** The layer that a node shows by itself. */
  private Optional<String> own(Node node) {
    if (node.outputs().stream().anyMatch(afterTarget::contains)) {
      return Optional.of(LOSS);
    }
    if (backward.contains(node) && node.inputs().stream().anyMatch(afterTarget::contains)) {
      return Optional.of(LOSS);
    }
    for (Value output : node.outputs()) {
      if (feeds.containsKey(output)) {
        return Optional.of(module(feeds.get(output)));
      }
    }
    return node.inputs().stream()
        .filter(value -> states.get(value) instanceof Parameter)
        .map(value -> module(states.get(value).name()))
        .findFirst();
  }

  /** The layer of the forward values that a backward node reads. */
  private Optional<String> inherited(Node node) {
    return backward.contains(node)
        ? node.inputs().stream()
            .map(producers::get)
            .filter(producer -> producer != null && forward.contains(producer))
            .map(layers::get)
            .findFirst()
        : Optional.empty();
  }

  private static String module(String path) {
    int dot = path.lastIndexOf('.');
    return dot < 0 ? path : path.substring(0, dot);
  }

  ModelGraph.Phase phase(Node node) {
    if (forward.contains(node)) {
      return ModelGraph.Phase.FORWARD;
    }
    return backward.contains(node) ? ModelGraph.Phase.BACKWARD : ModelGraph.Phase.OTHER;
  }

  /** The path of a module, {@link #LOSS}, or a source line. */
  String layer(Node node) {
    return layers.getOrDefault(node, "");
  }

  /** The state that a value was read from. */
  Optional<State> state(Value value) {
    return Optional.ofNullable(states.get(value));
  }

  /** The name of the parameter of which a value is the gradient. */
  Optional<String> gradientOf(Value value) {
    return Optional.ofNullable(gradients.get(value));
  }

  /** A state as boxes name it: arenas have no shape worth telling. */
  static String text(State state) {
    return state instanceof Arena ? state.name() : state.name() + " " + state.spec().shape();
  }
}
