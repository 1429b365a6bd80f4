package dev.tarn.report;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.nn.Module;
import dev.tarn.nn.Sequential;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A row of the table of layers.
 *
 * @param name the path of the module
 * @param kind what it is, such as Conv2d
 * @param output the shape of its output for one example, such as {@code [16,8,8]}
 * @param parameters the number of its parameters
 */
public record LayerRow(String name, String kind, String output, long parameters) {
  /**
   * The layers of a chain, in order.
   *
   * @param features the shape of one example's features
   * @throws dev.tarn.ShapeException if the model does not take them
   */
  public static List<LayerRow> of(Sequential model, Shape features) {
    List<LayerRow> rows = new ArrayList<>();
    Tensor x = new Trace().input("features", Spec.f32(features.prepend(1)));
    for (Map.Entry<String, Module> child : model.children().entrySet()) {
      Module layer = child.getValue();
      x = layer.forward(x, Mode.EVAL);
      rows.add(
          new LayerRow(
              child.getKey(),
              layer.getClass().getSimpleName(),
              x.shape().withoutFirst().toString(),
              parameters(layer)));
    }
    return rows;
  }

  private static long parameters(Module layer) {
    return layer.parameters().stream().map(Parameter::spec).mapToLong(s -> s.shape().size()).sum();
  }
}
