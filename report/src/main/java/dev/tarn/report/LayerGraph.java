package dev.tarn.report;

import dev.tarn.Parameter;
import dev.tarn.State;
import dev.tarn.Trace;
import dev.tarn.ir.Broadcast;
import dev.tarn.ir.Constant;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A graph with a box for each layer and phase. */
final class LayerGraph {
  private static final int NAMED_OPERATIONS = 3;

  private record Key(ModelGraph.Phase phase, String layer) {}

  private record Link(int from, int to) {}

  private final Program program;
  private final Phases phases;
  private final Map<Key, List<Node>> groups = new LinkedHashMap<>();
  private final List<ModelGraph.Box> boxes = new ArrayList<>();
  private final Map<Value, Integer> makers = new HashMap<>();

  private LayerGraph(Program program, Phases phases) {
    this.program = program;
    this.phases = phases;
  }

  static ModelGraph of(Program program, Phases phases) {
    return new LayerGraph(program, phases).build();
  }

  private ModelGraph build() {
    for (Node node : program.body()) {
      ModelGraph.Phase phase = phases.phase(node);
      if (phase != ModelGraph.Phase.OTHER && !(node.op() instanceof Constant)) {
        groups
            .computeIfAbsent(new Key(phase, phases.layer(node)), key -> new ArrayList<>())
            .add(node);
      }
    }
    inputs();
    Map<Key, Integer> positions = new HashMap<>();
    groups.forEach(
        (key, nodes) -> {
          positions.put(key, boxes.size());
          nodes.forEach(node -> node.outputs().forEach(v -> makers.put(v, boxes.size())));
          boxes.add(box(key, nodes));
        });
    Map<Link, Set<String>> links = new LinkedHashMap<>();
    groups.forEach(
        (key, nodes) ->
            nodes.stream()
                .flatMap(node -> node.inputs().stream())
                .forEach(value -> link(value, key, positions.get(key), links)));
    List<ModelGraph.Edge> edges = new ArrayList<>();
    links.forEach(
        (link, shapes) -> {
          boolean kept =
              boxes.get(link.to()).phase() == ModelGraph.Phase.BACKWARD
                  && boxes.get(link.from()).phase() == ModelGraph.Phase.FORWARD;
          edges.add(new ModelGraph.Edge(link.from(), link.to(), String.join(" ", shapes), kept));
        });
    return new ModelGraph(boxes, edges, ModelGraph.Level.LAYERS);
  }

  /** Seed and step concern every mask of a dropout and say nothing about the model. */
  private void inputs() {
    for (Program.Input input : program.inputs()) {
      boolean used =
          groups.values().stream()
              .flatMap(List::stream)
              .anyMatch(node -> node.inputs().contains(input.value()));
      if (used && !input.name().equals(Trace.SEED) && !input.name().equals(Trace.STEP)) {
        makers.put(input.value(), boxes.size());
        boxes.add(
            new ModelGraph.Box(
                ModelGraph.Phase.INPUT,
                input.name(),
                input.name(),
                List.of(input.value().spec().toString())));
      }
    }
  }

  private void link(Value value, Key key, int to, Map<Link, Set<String>> links) {
    Integer from = makers.get(value);
    if (from == null || from == to) {
      return;
    }
    ModelGraph.Phase phase = boxes.get(from).phase();
    if (key.phase() == ModelGraph.Phase.BACKWARD && phase != ModelGraph.Phase.BACKWARD) {
      // What backward reads of forward came through its own layer there: one edge says it.
      Integer own = maker(new Key(ModelGraph.Phase.FORWARD, key.layer()));
      if (own == null && phase == ModelGraph.Phase.INPUT) {
        return;
      }
      from = own == null ? from : own;
      links.computeIfAbsent(new Link(from, to), k -> new LinkedHashSet<>());
      return;
    }
    links
        .computeIfAbsent(new Link(from, to), k -> new LinkedHashSet<>())
        .add(value.spec().shape().toString());
  }

  private @Nullable Integer maker(Key key) {
    List<Node> nodes = groups.get(key);
    return nodes == null ? null : makers.get(nodes.get(0).outputs().get(0));
  }

  private ModelGraph.Box box(Key key, List<Node> nodes) {
    Set<String> operations = new LinkedHashSet<>();
    for (Node node : nodes) {
      if (!(node.op() instanceof Reshape) && !(node.op() instanceof Broadcast)) {
        operations.add(node.op().name());
      }
    }
    if (operations.isEmpty()) {
      operations.add(nodes.get(0).op().name());
    }
    List<String> names = new ArrayList<>(operations);
    String origin = nodes.get(0).origin().text();
    boolean module = !Phases.origin(key.layer()).equals(origin);
    String title = module ? key.layer() : forwardName(key, names);
    List<String> lines = new ArrayList<>();
    boolean more = names.size() > NAMED_OPERATIONS;
    String shown =
        String.join(" \u00b7 ", more ? names.subList(0, NAMED_OPERATIONS) : names)
            + (more ? " \u2026" : "");
    if (!shown.equals(title)) {
      lines.add(shown);
    }
    if (!module && key.phase() == ModelGraph.Phase.FORWARD) {
      lines.add(origin);
    }
    if (key.phase() == ModelGraph.Phase.FORWARD) {
      long parameters = parameters(nodes);
      if (parameters > 0) {
        lines.add(Texts.count(parameters, "parameter"));
      }
    } else {
      List<String> gradients = new ArrayList<>();
      for (Node node : nodes) {
        for (Value value : node.outputs()) {
          phases
              .gradientOf(value)
              .ifPresent(name -> gradients.add(name.substring(name.lastIndexOf('.') + 1)));
        }
      }
      if (!gradients.isEmpty()) {
        lines.add("gradients: " + String.join(", ", gradients));
      }
    }
    return new ModelGraph.Box(key.phase(), key.layer(), title, lines);
  }

  /** A layer without a name is called by its first operation, backward as forward. */
  private String forwardName(Key key, List<String> operations) {
    Integer forward = maker(new Key(ModelGraph.Phase.FORWARD, key.layer()));
    boolean known = key.phase() == ModelGraph.Phase.BACKWARD && forward != null;
    return known ? boxes.get(forward).title() : operations.get(0);
  }

  private long parameters(List<Node> nodes) {
    Set<State> parameters = new LinkedHashSet<>();
    for (Node node : nodes) {
      for (Value value : node.inputs()) {
        phases.state(value).filter(Parameter.class::isInstance).ifPresent(parameters::add);
      }
    }
    return parameters.stream().mapToLong(state -> state.spec().shape().size()).sum();
  }
}
