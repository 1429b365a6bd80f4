package dev.tarn.cli;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.cli.LayerCost.Field;
import dev.tarn.ir.Node;
import dev.tarn.nn.Module;
import dev.tarn.nn.Parallel;
import dev.tarn.nn.Residual;
import dev.tarn.nn.Sequential;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The layers of a model, those inside others below them, with what each costs for one example. */
final class LayerTable {
  /**
   * A layer.
   *
   * @param depth how many layers it is inside of
   * @param name its own name
   * @param kind its class
   * @param output the shape of one example's output, or null where it is not known: inside of a
   *     user's class
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
      long parameters,
      long flops,
      Field field,
      boolean shared) {}

  /**
   * A value on its way, and what it has seen of the input.
   *
   * @param tensors the value, or at the model's beginning all its inputs
   * @param field its receptive field
   */
  private record Flow(List<Tensor> tensors, Field field) {
    Flow(Tensor tensor, Field field) {
      this(List.of(tensor), field);
    }

    Tensor tensor() {
      return tensors.get(0);
    }
  }

  private final List<Row> rows = new ArrayList<>();
  private final Map<Module, Boolean> seen = new IdentityHashMap<>();
  private final long flops;

  private LayerTable(Sequential model, List<Spec> features) {
    List<Tensor> inputs = inputs(features);
    boolean image = inputs.size() == 1 && inputs.get(0).shape().rank() == 4;
    Flow flow = new Flow(inputs, image ? Field.INPUT : Field.NONE);
    for (Module layer : model.modules()) {
      flow = walk(layer, flow, 0);
    }
    List<Tensor> whole = inputs(features);
    model.forward(whole, Mode.EVAL);
    flops = LayerCost.flops(whole.get(0).trace().nodes());
  }

  private static List<Tensor> inputs(List<Spec> features) {
    Trace trace = new Trace();
    List<Tensor> inputs = new ArrayList<>();
    for (Spec one : features) {
      inputs.add(trace.input("features." + inputs.size(), one.prepend(1)));
    }
    return inputs;
  }

  /**
   * The layers of a model.
   *
   * @param features one example's features
   * @throws dev.tarn.ShapeException if they do not fit
   */
  static LayerTable of(Sequential model, List<Spec> features) {
    return new LayerTable(model, features);
  }

  List<Row> rows() {
    return List.copyOf(rows);
  }

  /** Of the whole model, for one example. */
  long flops() {
    return flops;
  }

  private Flow walk(Module module, Flow in, int depth) {
    boolean shared = seen.put(module, true) != null;
    int at = rows.size();
    rows.add(row(module, depth, null, -1, Field.NONE, shared));
    List<Node> before = in.tensor().trace().nodes();
    Flow out;
    if (module instanceof Sequential chain) {
      out = in;
      for (Module inner : chain.modules()) {
        out = walk(inner, out, depth + 1);
      }
      if (module instanceof Residual block) {
        Module shortcut = block.shortcut();
        Flow kept = shortcut == null ? in : walk(shortcut, in, depth + 1);
        out = new Flow(out.tensor().add(kept.tensor()), out.field().with(kept.field()));
      }
    } else if (module instanceof Parallel) {
      Field field = null;
      for (Module branch : module.children().values()) {
        Flow flow = walk(branch, in, depth + 1);
        field = field == null ? flow.field() : field.with(flow.field());
      }
      // The join itself is not to be had alone: all of it is traced once more, apart.
      before = in.tensor().trace().nodes();
      Tensor joined = module.forward(in.tensor(), Mode.EVAL);
      out = new Flow(joined, field == null ? Field.NONE : field);
    } else {
      Tensor y = module.forward(in.tensors(), Mode.EVAL).get(0);
      List<Node> all = in.tensor().trace().nodes();
      Field field = in.field().after(all.subList(before.size(), all.size()));
      out = new Flow(y, y.shape().rank() == 4 ? field : Field.NONE);
      for (Module inner : module.children().values()) {
        inside(inner, depth + 1);
      }
    }
    List<Node> after = in.tensor().trace().nodes();
    long cost = LayerCost.flops(after.subList(before.size(), after.size()));
    Shape shape = out.tensor().shape().withoutFirst();
    rows.set(at, row(module, depth, shape, cost, out.field(), shared));
    return out;
  }

  /** A part of a class that calls its parts itself. */
  private void inside(Module module, int depth) {
    rows.add(row(module, depth, null, -1, Field.NONE, false));
    module.children().values().forEach(inner -> inside(inner, depth + 1));
  }

  private static Row row(
      Module module, int depth, @Nullable Shape shape, long cost, Field field, boolean shared) {
    String path = module.path();
    long parameters =
        module.parameters().stream().map(Parameter::spec).mapToLong(s -> s.shape().size()).sum();
    String kind = module.getClass().getSimpleName();
    return new Row(
        depth,
        path.isEmpty() ? "model" : path.substring(path.lastIndexOf('.') + 1),
        kind,
        shape,
        parameters,
        cost,
        field,
        shared);
  }
}
