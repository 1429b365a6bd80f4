package dev.tarn.transform;

import dev.tarn.ShapeException;
import dev.tarn.TarnException;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Custom;
import dev.tarn.ir.Origin;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The gradients of an operation that a user wrote, recorded by the user's method. */
final class CustomGradient {
  private CustomGradient() {}

  static List<@Nullable Tensor> of(
      Custom custom,
      List<Tensor> inputs,
      List<Tensor> outputs,
      List<@Nullable Tensor> gradients,
      Origin origin) {
    Trace trace = outputs.get(0).trace();
    List<Tensor> given = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      Tensor gradient = gradients.get(i);
      given.add(
          gradient != null ? gradient : trace.constant(0).broadcastTo(outputs.get(i).shape()));
    }
    @Nullable List<@Nullable Tensor> result;
    try {
      result = custom.op().gradient(inputs, outputs, given);
    } catch (RuntimeException e) {
      throw custom.failure("gradient", e, origin);
    }
    if (result == null) {
      throw new TarnException(custom.name() + ": gradient gave null" + origin.suffix());
    }
    boolean fits = result.size() == inputs.size();
    for (int i = 0; fits && i < inputs.size(); i++) {
      Tensor gradient = result.get(i);
      fits = gradient == null || gradient.spec().equals(inputs.get(i).spec());
    }
    if (!fits) {
      throw new ShapeException(
          custom.name()
              + (": gradient gave " + result + " for inputs " + inputs)
              + origin.suffix());
    }
    return result;
  }
}
