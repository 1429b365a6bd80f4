package dev.tarn.report;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Pass;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.nn.Module;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A row of the table of layers.
 *
 * @param name the path of the module
 * @param kind what it is, such as Conv2d
 * @param output the shape of its output for one example, such as {@code [16,8,8]}; empty if it is
 *     not known
 * @param parameters the number of its parameters
 */
public record LayerRow(String name, String kind, String output, long parameters) {
  /**
   * The layers of a model in the order in which they are used, without those inside others. A
   * module that is used several times has one row. Those that are not recorded, as classes of a
   * user's that another of the user's classes calls, come last and without an output.
   *
   * @param features one example's features, in the order of the model's inputs
   * @throws ShapeException if the model does not take them
   */
  public static List<LayerRow> of(Module model, Spec... features) {
    Trace trace = new Trace();
    List<Tensor> inputs = new ArrayList<>();
    for (Spec spec : features) {
      inputs.add(trace.input("features." + inputs.size(), spec.prepend(1)));
    }
    trace.in(model, model.path(), inputs, () -> model.forward(inputs, Mode.EVAL));
    Map<Module, LayerRow> rows = new LinkedHashMap<>();
    for (Pass pass : trace.passes()) {
      Module layer = (Module) pass.module();
      if (pass.depth() == 1 && model.children().containsValue(layer)) {
        rows.computeIfAbsent(layer, key -> row(model, key, outputs(pass)));
      }
    }
    model.children().values().forEach(c -> rows.computeIfAbsent(c, key -> row(model, key, "")));
    return List.copyOf(rows.values());
  }

  private static LayerRow row(Module model, Module layer, String output) {
    String path = layer.path();
    String own = model.path().isEmpty() ? path : path.substring(model.path().length() + 1);
    return new LayerRow(own, layer.kind(), output, parameters(layer));
  }

  private static String outputs(Pass pass) {
    return pass.outputs().stream()
        .map(output -> output.shape().withoutFirst().toString())
        .collect(Collectors.joining(" "));
  }

  private static long parameters(Module layer) {
    return layer.parameters().stream().map(Parameter::spec).mapToLong(s -> s.shape().size()).sum();
  }
}
