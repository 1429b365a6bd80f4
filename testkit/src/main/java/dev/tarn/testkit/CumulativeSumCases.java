package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.ir.CumulativeSum;
import java.util.ArrayList;
import java.util.List;

/** Running sums along every axis and in both directions. */
final class CumulativeSumCases {
  private CumulativeSumCases() {}

  static List<OpCase> all() {
    int[][] small = {{1}, {3}, {17, 1}, {1, 33}, {3, 17, 2}, {2, 1, 3, 4}, {2, 3, 33}};
    int[][] large = {{257, 33}, {33, 257}, {3, 1024}, {2, 1025}, {4099}, {1100, 2}, {3, 129, 70}};
    // Without an element there is nothing to sum, whether along the empty axis or across it.
    int[][] empty = {{0}, {0, 3}, {3, 0}};
    return List.of(
        everyAxis("small tensors", true, small),
        everyAxis("large tensors", false, large),
        everyAxis("empty tensors", false, empty),
        twice(),
        nonFinite());
  }

  private static OpCase everyAxis(String what, boolean differentiable, int[]... sizes) {
    OpCase c = OpCase.named("cumulative_sum of " + what + " along every axis");
    for (int[] size : sizes) {
      String name = "x" + c.inputNames().size();
      Fill fill = Fill.normal(0.2);
      if (differentiable) {
        c.by(name, Spec.f32(size), fill);
      } else {
        c.input(name, Spec.f32(size), fill);
      }
    }
    return c.program(
        (trace, in) -> {
          List<Tensor> out = new ArrayList<>();
          for (Tensor x : in) {
            for (int axis = 0; axis < x.shape().rank(); axis++) {
              out.add(x.cumulativeSum(axis));
              out.add(reversed(x, axis));
            }
          }
          return out;
        });
  }

  private static Tensor reversed(Tensor x, int axis) {
    return x.trace().add(new CumulativeSum(axis, true), x).get(0);
  }

  private static OpCase twice() {
    return OpCase.named("cumulative_sum of its own result, negative axes")
        .by("x", Spec.f32(3, 5, 17), Fill.normal(0.2))
        .program(
            (trace, in) ->
                List.of(
                    in[0].cumulativeSum(-1).exp().cumulativeSum(-2),
                    in[0].cumulativeSum(-3).reshape(15, 17).cumulativeSum(1)));
  }

  private static OpCase nonFinite() {
    double nan = Double.NaN;
    double inf = Double.POSITIVE_INFINITY;
    Fill fill =
        Fill.cycle(1, nan, 2, 3, 4, inf, 5, 6, 7, -inf, 8, 9, inf, 1, -inf, 2, 3, 4, 5, 6, 7, 8);
    return OpCase.named("cumulative_sum of NaN and infinities")
        .input("x", Spec.f32(7, 22), fill)
        .input("long", Spec.f32(2, 2200), Fill.normal(0.01).but(new int[] {1500}, Float.NaN))
        .program(
            (trace, in) -> {
              List<Tensor> out = new ArrayList<>();
              for (Tensor x : in) {
                for (int axis = 0; axis < 2; axis++) {
                  out.add(x.cumulativeSum(axis));
                  out.add(reversed(x, axis));
                }
              }
              return out;
            });
  }
}
