package dev.tarn.cli;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Pass;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import dev.tarn.nn.Module;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The layers of a model in the order in which they are used, those inside others below them, with
 * what each costs for one example.
 */
final class LayerTable {
  /**
   * A layer.
   *
   * @param depth how many layers it is inside of
   * @param name its own name
   * @param kind its class
   * @param output the shape of one example's output; null where it is not known, as of a user's
   *     class that another class of the user calls, or where there are several outputs
   * @param outputs the shapes as text, empty where they are not known
   * @param parameters the number of its parameters
   * @param flops floating point operations of a forward pass of one example, or -1
   * @param field the receptive field of its output
   * @param shared whether it is there for the second time; its parameters are counted once
   */
  record Row(
      int depth,
      String name,
      String kind,
      @Nullable Shape output,
      String outputs,
      long parameters,
      long flops,
      Field field,
      boolean shared) {}

  private final Module model;
  private final Trace trace = new Trace();
  private final List<Node> nodes;
  private final Map<Value, Field> fields;
  private final List<Module> parts = new ArrayList<>();
  private final Set<Module> recorded = Collections.newSetFromMap(new IdentityHashMap<>());
  private final List<Row> rows = new ArrayList<>();

  private LayerTable(Module model, List<Spec> features) {
    this.model = model;
    List<Tensor> inputs = new ArrayList<>();
    for (Spec spec : features) {
      inputs.add(trace.input("features." + inputs.size(), spec.prepend(1)));
    }
    trace.in(model, model.path(), inputs, () -> model.forward(inputs, Mode.EVAL));
    nodes = trace.nodes();
    fields = Field.of(inputs, nodes);
    collect(model);
    List<Pass> passes = new ArrayList<>(trace.passes());
    passes.remove(0);
    passes.forEach(pass -> recorded.add((Module) pass.module()));
    Map<Module, Integer> others = unrecorded();
    Set<Module> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Pass pass : passes) {
      others.entrySet().removeIf(other -> other.getValue() <= pass.first() && add(other.getKey()));
      add(pass, !seen.add((Module) pass.module()));
    }
    others.keySet().forEach(this::add);
  }

  /**
   * The layers of a model.
   *
   * @param features one example's features
   * @throws dev.tarn.ShapeException if they do not fit
   */
  static LayerTable of(Module model, List<Spec> features) {
    return new LayerTable(model, features);
  }

  List<Row> rows() {
    return List.copyOf(rows);
  }

  /** Of the whole model, for one example. */
  long flops() {
    return LayerCost.flops(nodes);
  }

  private void collect(Module module) {
    for (Module child : module.children().values()) {
      parts.add(child);
      collect(child);
    }
  }

  /**
   * The modules that nobody has recorded, by the node with which they seem to begin: a user's
   * classes that other classes of the user call. Those of which no parameter is read are left out.
   */
  private Map<Module, Integer> unrecorded() {
    Map<State, Value> values = trace.build("model").states();
    Map<Module, Integer> others = new IdentityHashMap<>();
    for (Module module : parts) {
      if (!recorded.contains(module)) {
        Set<Value> own =
            module.parameters().stream()
                .map(values::get)
                .filter(value -> value != null)
                .collect(Collectors.toCollection(HashSet::new));
        for (int i = 0; i < nodes.size() && !others.containsKey(module); i++) {
          if (nodes.get(i).inputs().stream().anyMatch(own::contains)) {
            others.put(module, i);
          }
        }
      }
    }
    Map<Module, Integer> ordered = new LinkedHashMap<>();
    others.entrySet().stream()
        .sorted(
            Map.Entry.<Module, Integer>comparingByValue()
                .thenComparing(entry -> above(entry.getKey(), false)))
        .forEach(entry -> ordered.put(entry.getKey(), entry.getValue()));
    return ordered;
  }

  /** The number of modules that a module is a part of, but the model itself. */
  private int above(Module module, boolean unrecordedOnly) {
    int count = 0;
    for (Module up = module.parent(); up != null && up != model; up = up.parent()) {
      count += unrecordedOnly && recorded.contains(up) ? 0 : 1;
    }
    return count;
  }

  private boolean add(Module module) {
    rows.add(row(module, above(module, false), null, "", -1, Field.NONE, false));
    return true;
  }

  private void add(Pass pass, boolean shared) {
    Module module = (Module) pass.module();
    List<Shape> shapes =
        pass.outputs().stream().map(output -> output.shape().withoutFirst()).toList();
    Tensor first = pass.outputs().get(0);
    boolean one = shapes.size() == 1;
    boolean image = one && first.shape().rank() == 4;
    rows.add(
        row(
            module,
            pass.depth() - 1 + above(module, true),
            one ? shapes.get(0) : null,
            shapes.stream().map(Shape::toString).collect(Collectors.joining(" ")),
            LayerCost.flops(nodes.subList(pass.first(), pass.end())),
            image ? fields.getOrDefault(first.value(), Field.NONE) : Field.NONE,
            shared));
  }

  private static Row row(
      Module module,
      int depth,
      @Nullable Shape shape,
      String shapes,
      long cost,
      Field field,
      boolean shared) {
    String path = module.path();
    long parameters =
        module.parameters().stream().map(Parameter::spec).mapToLong(s -> s.shape().size()).sum();
    return new Row(
        depth,
        path.isEmpty() ? "model" : path.substring(path.lastIndexOf('.') + 1),
        module.kind(),
        shape,
        shapes,
        parameters,
        cost,
        field,
        shared);
  }
}
