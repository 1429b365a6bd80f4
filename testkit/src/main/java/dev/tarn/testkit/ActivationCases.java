package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.nn.Activations;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.List;

/**
 * Activations and other functions that are composed of element-wise ones, many in one program, so
 * that they take few tapes. Those left out are made of the same parts as one that is here.
 */
final class ActivationCases {
  private ActivationCases() {}

  static List<OpCase> all() {
    return List.of(activations(), composedFunctions(), alongAxes());
  }

  /**
   * On both sides of every kink, and at large arguments: neither values nor gradients overflow, as
   * they do not in the reference's double.
   */
  private static OpCase activations() {
    Fill fill =
        Fill.cycle(
            -3e38, -1e20, -1e10, -1e4, -104, -40, -8, -3.5, -2.5, -1.25, -0.5, -1e-3, 1e-3, 0.75,
            1.5, 4, 5.5, 7, 40, 104, 1e4, 1e10, 1e20, 3e38);
    return OpCase.named("activations and their gradients")
        .input("x", Spec.f32(24), fill)
        .program(
            (trace, in) -> {
              Tensor x = in[0];
              List<Tensor> values =
                  List.of(
                      Activations.leakyRelu(x, 0.1),
                      Activations.celu(x, 2),
                      Activations.hardTanh(x),
                      Activations.hardSwish(x),
                      Activations.gelu(x),
                      Activations.geluTanh(x),
                      Activations.mish(x),
                      Activations.softsign(x));
              List<Tensor> out = new ArrayList<>(values);
              for (Tensor y : values) {
                out.addAll(Gradient.of(y.sum(), List.of(x)));
              }
              return out;
            });
  }

  private static OpCase composedFunctions() {
    return OpCase.named("comparisons and functions composed of others")
        .input("x", Spec.f32(33), Fill.grid(0.125))
        .input("y", Spec.f32(33), Fill.grid(0.125))
        .program(
            (trace, in) ->
                List.of(
                    in[0].less(in[1]),
                    in[0].lessEqual(in[1]),
                    in[0].greaterEqual(in[1]),
                    in[0].notEqual(in[1]),
                    in[0].clip(-1, 0.5),
                    in[0].reciprocal(),
                    in[0].pow(4).add(in[0].pow(3))));
  }

  private static OpCase alongAxes() {
    return OpCase.named("log-softmax, maxout, minimum over axes")
        .by("x", Spec.f32(6, 6), Fill.distinct())
        .program(
            (trace, in) -> List.of(in[0].logSoftmax(), Activations.maxout(in[0], 3), in[0].min(1)));
  }
}
