package dev.tarn.report;

import dev.tarn.ir.Constant;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A graph with a box for each operation. */
final class NodeGraph {
  private NodeGraph() {}

  static ModelGraph of(Program program, Phases phases) {
    List<ModelGraph.Box> boxes = new ArrayList<>();
    Map<Value, Integer> makers = new HashMap<>();
    for (Program.Input input : program.inputs()) {
      makers.put(input.value(), boxes.size());
      String spec = input.value().spec().toString();
      boxes.add(
          new ModelGraph.Box(ModelGraph.Phase.INPUT, input.name(), input.name(), List.of(spec)));
    }
    List<ModelGraph.Edge> edges = new ArrayList<>();
    for (Node node : program.body()) {
      if (node.op() instanceof Constant) {
        continue;
      }
      int box = boxes.size();
      Set<Integer> linked = new LinkedHashSet<>();
      for (Value value : node.inputs()) {
        Integer from = makers.get(value);
        if (from != null && linked.add(from)) {
          boolean kept =
              phases.phase(node) == ModelGraph.Phase.BACKWARD
                  && boxes.get(from).phase() == ModelGraph.Phase.FORWARD;
          edges.add(new ModelGraph.Edge(from, box, value.spec().shape().toString(), kept));
        }
      }
      node.outputs().forEach(value -> makers.put(value, box));
      boxes.add(
          new ModelGraph.Box(
              phases.phase(node), phases.layer(node), node.op().name(), lines(node, phases)));
    }
    return new ModelGraph(boxes, edges, ModelGraph.Level.NODES);
  }

  private static List<String> lines(Node node, Phases phases) {
    List<String> lines = new ArrayList<>();
    String attributes = node.op().attributes();
    if (!attributes.isEmpty()) {
      lines.add(attributes.length() > 40 ? attributes.substring(0, 39) + "\u2026" : attributes);
    }
    for (Value value : node.inputs()) {
      phases.state(value).ifPresent(state -> lines.add(Phases.text(state)));
    }
    for (Value value : node.outputs()) {
      phases.gradientOf(value).ifPresent(name -> lines.add("gradient of " + name));
    }
    return lines;
  }
}
