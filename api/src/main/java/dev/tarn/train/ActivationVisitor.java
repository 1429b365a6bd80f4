package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.backend.Executable;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import dev.tarn.train.LayerStatistics.Activations;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Collects what activation functions give in a step, by the layer that each follows. */
final class ActivationVisitor implements Executable.NodeVisitor {
  private final Map<String, List<Activations>> found = new LinkedHashMap<>();
  private @Nullable Program seen;
  private final Map<Value, Node> producers = new HashMap<>();
  private final Map<Value, String> parameters = new HashMap<>();

  Map<String, List<Activations>> activations() {
    return found;
  }

  @Override
  public void visit(
      Program program, Node node, List<HostTensor> inputs, List<HostTensor> outputs, long nanos) {
    if (seen != program) {
      seen = program;
      producers.clear();
      parameters.clear();
      program.states().forEach((state, value) -> parameters.put(value, state.name()));
    }
    node.outputs().forEach(value -> producers.put(value, node));
    String function = node.op() instanceof Fused fused ? fused.operation() : node.op().name();
    if (LayerStatistics.FUNCTIONS.contains(function)) {
      String layer = layerBefore(node);
      if (layer != null) {
        found
            .computeIfAbsent(layer, key -> new ArrayList<>())
            .add(Activations.of(function, outputs.get(0)));
      }
    }
  }

  /** The layer whose parameter is the fewest nodes before a node; null if there is none. */
  private @Nullable String layerBefore(Node node) {
    Deque<Value> open = new ArrayDeque<>(node.inputs());
    Set<Value> done = new HashSet<>();
    while (!open.isEmpty()) {
      Value value = open.remove();
      String name = parameters.get(value);
      if (name != null && name.contains(".")) {
        return LayerStatistics.layer(name);
      }
      Node producer = producers.get(value);
      if (producer != null && done.add(value)) {
        open.addAll(producer.inputs());
      }
    }
    return null;
  }
}
