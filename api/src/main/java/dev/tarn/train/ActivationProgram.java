package dev.tarn.train;

import dev.tarn.HostTensor;
import dev.tarn.Mode;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import dev.tarn.nn.Module;
import dev.tarn.train.LayerStatistics.Activations;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A model's forward pass as in training, without any effect on its states, that gives for every
 * unit of every activation function the sum, the sum of squares and the largest magnitude.
 *
 * @param program gives these three for each of the functions, in order
 * @param functions what is looked at
 */
record ActivationProgram(Program program, List<Function> functions) {
  private static final int OUTPUTS = 3;
  private static final Set<String> FUNCTIONS = Set.of("relu", "tanh", "sigmoid");

  /**
   * A function.
   *
   * @param layer the layer that it follows
   * @param name the path of its module; empty if it has none
   * @param kind {@code relu}, {@code tanh} or {@code sigmoid}
   * @param examples the number of examples in a batch
   * @param elements the number of elements of each unit
   */
  record Function(String layer, String name, String kind, int examples, long elements) {}

  /** Traces a model for a batch's features. */
  static ActivationProgram of(Module model, List<Spec> features) {
    Trace trace = new Trace();
    StepPrograms.forward(model, trace, features, Mode.TRAIN);
    List<Node> nodes = trace.nodes();
    Layers layers = new Layers(nodes, trace.build("activations"));
    List<Function> functions = new ArrayList<>();
    for (Node node : nodes) {
      String kind = node.op().name();
      String layer = FUNCTIONS.contains(kind) ? layers.before(node) : null;
      if (layer != null) {
        Tensor y = trace.tensor(node.output());
        int rank = y.shape().rank();
        int[] others = IntStream.range(0, rank).filter(i -> rank < 2 || i != 1).toArray();
        for (Tensor each : List.of(y.sum(others), y.mul(y).sum(others), largest(y, others))) {
          trace.output(kind, each);
        }
        long units = rank < 2 ? 1 : y.shape().dim(1);
        functions.add(
            new Function(
                layer,
                node.origin().layer(),
                kind,
                y.shape().dim(0),
                y.shape().size() / Math.max(1, units)));
      }
    }
    Program all = trace.build("activations");
    int own = OUTPUTS * functions.size();
    // What the model asks to have printed, and running statistics, are for real steps.
    List<Program.Output> outputs =
        all.outputs().subList(all.outputs().size() - own, all.outputs().size());
    return new ActivationProgram(
        new Program(all.name(), all.inputs(), all.states(), all.body(), outputs, Map.of()),
        functions);
  }

  private static Tensor largest(Tensor y, int[] axes) {
    return y.maximum(y.neg()).max(axes);
  }

  /** The statistics by the layer that each function follows. */
  Map<String, List<Activations>> read(CompiledStep compiled) {
    List<HostTensor> values = compiled.read(OUTPUTS * functions.size());
    Map<String, List<Activations>> found = new LinkedHashMap<>();
    for (int i = 0; i < functions.size(); i++) {
      Function function = functions.get(i);
      double[] sums = values.get(OUTPUTS * i).toDoubles();
      double[] squares = values.get(OUTPUTS * i + 1).toDoubles();
      double[] largest = values.get(OUTPUTS * i + 2).toDoubles();
      double count = (double) function.elements() * sums.length;
      double mean = Arrays.stream(sums).sum() / count;
      double variance = Math.max(0, Arrays.stream(squares).sum() / count - mean * mean);
      Activations activations =
          new Activations(
              function.name(),
              function.kind(),
              mean,
              Math.sqrt(variance),
              sums.length,
              (int) Arrays.stream(largest).filter(value -> value == 0).count(),
              function.examples());
      found.computeIfAbsent(function.layer(), key -> new ArrayList<>()).add(activations);
    }
    return found;
  }

  /** Finds the layers of a program's nodes. */
  private static final class Layers {
    private final Map<Value, Node> producers = new HashMap<>();
    private final Map<Value, String> states = new HashMap<>();

    Layers(List<Node> nodes, Program program) {
      nodes.forEach(node -> node.outputs().forEach(value -> producers.put(value, node)));
      program.states().forEach((state, value) -> states.put(value, state.name()));
    }

    /** The layer whose parameter is the fewest nodes before a node; null if there is none. */
    @Nullable String before(Node node) {
      Deque<Value> open = new ArrayDeque<>(node.inputs());
      Set<Value> done = new HashSet<>();
      while (!open.isEmpty()) {
        Value value = open.remove();
        String name = states.get(value);
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
}
