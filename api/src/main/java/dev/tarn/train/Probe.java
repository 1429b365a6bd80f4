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
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A model's forward pass as in training, without any effect on its states, that gives the loss, and
 * for every unit of its activation functions the sum.
 *
 * <p>Looking for dead ReLUs must cost next to nothing, and their sums do; with {@code all}
 * functions there are sums of squares as well.
 *
 * @param program gives the loss, and one or two tensors for each of the functions, in order
 * @param functions what is looked at
 * @param all whether tanh and sigmoid are looked at, and squares are summed
 */
record Probe(Program program, List<Function> functions, boolean all) {
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

  /**
   * What it gave for a batch.
   *
   * @param loss the mean loss
   * @param activations what each function gave, by the layer that it follows; without all functions
   *     the deviations are NaN
   */
  record Result(double loss, Map<String, List<Activations>> activations) {}

  /** Traces a model for a batch's features. */
  static Probe of(Module model, Objective objective, List<Spec> features, boolean all) {
    Trace trace = new Trace();
    List<Tensor> results = StepPrograms.forward(model, trace, features, Mode.TRAIN);
    List<Node> nodes = trace.nodes();
    Layers layers = new Layers(nodes, trace.build("probe"));
    trace.output("loss", objective.losses(trace, results, StepPrograms.examples(features)).mean());
    List<Function> functions = new ArrayList<>();
    for (Node node : nodes) {
      String kind = node.op().name();
      boolean wanted = all ? FUNCTIONS.contains(kind) : kind.equals("relu");
      String layer = wanted ? layers.before(node) : null;
      if (layer != null) {
        Tensor y = trace.tensor(node.output());
        int rank = y.shape().rank();
        int[] others = IntStream.range(0, rank).filter(i -> rank < 2 || i != 1).toArray();
        trace.output(kind, y.sum(others));
        if (all) {
          trace.output(kind, y.mul(y).sum(others));
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
    Program whole = trace.build("probe");
    int own = outputs(functions, all);
    // What the model asks to have printed, and running statistics, are for real steps.
    List<Program.Output> outputs =
        whole.outputs().subList(whole.outputs().size() - own, whole.outputs().size());
    return new Probe(
        new Program(whole.name(), whole.inputs(), whole.states(), whole.body(), outputs, Map.of()),
        functions,
        all);
  }

  private static int outputs(List<Function> functions, boolean all) {
    return 1 + (all ? 2 : 1) * functions.size();
  }

  /** What the last run gave. */
  Result read(CompiledStep compiled) {
    Iterator<HostTensor> values = compiled.read(outputs(functions, all)).iterator();
    double loss = values.next().item();
    Map<String, List<Activations>> found = new LinkedHashMap<>();
    for (Function function : functions) {
      double[] sums = values.next().toDoubles();
      double[] squares = all ? values.next().toDoubles() : new double[] {Double.NaN};
      double count = (double) function.elements() * sums.length;
      double mean = Arrays.stream(sums).sum() / count;
      double variance = Arrays.stream(squares).sum() / count - mean * mean;
      // A ReLU's values are not negative: a sum of 0 is of zeros.
      double[] magnitudes = all ? squares : sums;
      found
          .computeIfAbsent(function.layer(), key -> new ArrayList<>())
          .add(
              new Activations(
                  function.name(),
                  function.kind(),
                  mean,
                  Math.sqrt(Math.max(0, variance)),
                  sums.length,
                  (int) Arrays.stream(magnitudes).filter(value -> value == 0).count(),
                  function.examples()));
    }
    return new Result(loss, found);
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
