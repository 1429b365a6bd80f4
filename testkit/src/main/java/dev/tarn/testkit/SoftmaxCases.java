package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.SoftmaxGrad;
import java.util.ArrayList;
import java.util.List;

/** Softmax and its logarithm at many sizes and for extreme logits. */
final class SoftmaxCases {
  private SoftmaxCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    int[][] sizes = {{1}, {3, 4}, {17, 1}, {33, 257}, {2, 3, 17}, {257, 3}, {5, 1000}, {2, 4099}};
    OpCase c = OpCase.named("softmax and log_softmax at many sizes");
    for (int[] size : sizes) {
      c.by("x" + c.inputNames().size(), Spec.f32(size), Fill.normal(2));
    }
    cases.add(
        c.program(
            (trace, in) -> {
              List<Tensor> out = new ArrayList<>();
              for (Tensor x : in) {
                out.add(x.softmax());
                out.add(x.logSoftmax());
              }
              return out;
            }));
    cases.add(gradient());
    double minus = Double.NEGATIVE_INFINITY;
    double plus = Double.POSITIVE_INFINITY;
    cases.add(awkward("extreme logits", Fill.cycle(1e4, -1e4, 0, 88, -88, 1e3, 1e3, 1e3)));
    cases.add(awkward("logits of minus infinity", Fill.cycle(1, minus, 2, 3)));
    cases.add(
        awkward(
            "rows that are NaN", Fill.cycle(1, plus, 2, minus, minus, minus, Double.NaN, 1, 2)));
    Fill one = Fill.normal(1).but(new int[] {75}, Float.NaN);
    cases.add(awkward("long rows of which one is NaN", one, 5, 70));
    cases.add(awkward("long rows with minus infinity", Fill.cycle(1, minus, 2, 3), 5, 70));
    cases.add(awkward("long extreme rows", Fill.cycle(1e4, -1e4, 0, 88, -88, 1e3, 1e3), 5, 70));
    return cases;
  }

  private static OpCase gradient() {
    return OpCase.named("gradients of softmax as operations")
        .input("y", Spec.f32(17, 33), Fill.uniform(0, 0.1))
        .input("log", Spec.f32(17, 33), Fill.uniform(-9, 0))
        .input("dy", Spec.f32(17, 33), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(gradient(trace, false, in[0], in[2]), gradient(trace, true, in[1], in[2])));
  }

  private static Tensor gradient(Trace trace, boolean log, Tensor y, Tensor dy) {
    return trace.add(new SoftmaxGrad(log), y, dy).get(0);
  }

  private static OpCase awkward(String what, Fill logits) {
    return awkward(what, logits, 8, 3);
  }

  private static OpCase awkward(String what, Fill logits, int rows, int columns) {
    Spec spec = Spec.f32(rows, columns);
    return OpCase.named("softmax of " + what)
        .input("x", spec, logits)
        .input("dy", spec, Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor y = in[0].softmax();
              Tensor log = in[0].logSoftmax();
              return List.of(
                  y, log, gradient(trace, false, y, in[1]), gradient(trace, true, log, in[1]));
            });
  }
}
