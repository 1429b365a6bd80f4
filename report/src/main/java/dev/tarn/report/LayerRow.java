package dev.tarn.report;

import dev.tarn.Mode;
import dev.tarn.Parameter;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.nn.Module;
import dev.tarn.nn.Sequential;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
   * The layers of a chain, in order. A module that is used several times has one row.
   *
   * @param features one example's features
   * @throws ShapeException if the model does not take them
   */
  public static List<LayerRow> of(Sequential model, Spec features) {
    List<LayerRow> rows = new ArrayList<>();
    model.forward(new Trace().input("features", features.prepend(1)), Mode.EVAL);
    @Nullable Tensor x = new Trace().input("features", features.prepend(1));
    for (Map.Entry<String, Module> child : model.children().entrySet()) {
      Module layer = child.getValue();
      x = x == null ? null : output(layer, x);
      rows.add(
          new LayerRow(
              child.getKey(),
              layer.getClass().getSimpleName(),
              x == null ? "" : x.shape().withoutFirst().toString(),
              parameters(layer)));
    }
    return rows;
  }

  /** The output, or null after a module that is used once more in between and has no row there. */
  private static @Nullable Tensor output(Module layer, Tensor x) {
    try {
      return layer.forward(x, Mode.EVAL);
    } catch (ShapeException e) {
      return null;
    }
  }

  private static long parameters(Module layer) {
    return layer.parameters().stream().map(Parameter::spec).mapToLong(s -> s.shape().size()).sum();
  }
}
