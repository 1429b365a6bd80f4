package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.SoftmaxCrossEntropy;
import dev.tarn.ir.SoftmaxCrossEntropyGrad;
import java.util.ArrayList;
import java.util.List;

/** Softmax cross-entropy and its gradient at many sizes, extreme logits and wrong labels. */
final class LossCases {
  private LossCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    int[][] sizes = {{1, 1}, {3, 4}, {17, 10}, {33, 257}, {5, 1000}, {257, 3}, {2, 4099}};
    for (int[] size : sizes) {
      cases.add(of(size[0], size[1]));
    }
    cases.add(gradient());
    cases.add(oneGradient(33));
    cases.add(oneGradient(5000));
    // At 1e3 the last bit of lse is worth 6e-5, and the gradient is as much off.
    cases.add(
        awkward("extreme logits", Fill.cycle(1e4, -1e4, 0, 88, -88, 1e3, 1e3, 1e3), Fill.below(5))
            .within(2e-4));
    cases.add(
        awkward("infinite logits", Fill.cycle(1, Double.NEGATIVE_INFINITY, 2, 3), Fill.below(1)));
    cases.add(awkward("NaN logits", Fill.normal(1).but(new int[] {7}, Float.NaN), Fill.below(5)));
    int min = Integer.MIN_VALUE;
    int max = Integer.MAX_VALUE;
    cases.add(
        awkward("labels out of range", Fill.normal(1), Fill.cycle(0, -1, 4, 5, min, max, 2, 100)));
    return cases;
  }

  private static OpCase of(int n, int classes) {
    return OpCase.named("softmax cross-entropy of [" + n + "," + classes + "]")
        .by("logits", Spec.f32(n, classes), Fill.normal(2))
        .input("labels", Spec.i32(n), Fill.below(classes))
        .program(
            (trace, in) -> {
              Tensor losses = in[0].softmaxCrossEntropy(in[1]);
              return List.of(losses, losses.mean());
            });
  }

  private static OpCase gradient() {
    return OpCase.named("gradient of softmax cross-entropy as an operation")
        .input("logits", Spec.f32(17, 33), Fill.normal(2))
        .input("labels", Spec.i32(17), Fill.below(33))
        .input("grad", Spec.f32(17), Fill.normal(1))
        .program(LossCases::lossAndGradient);
  }

  private static OpCase oneGradient(int classes) {
    return OpCase.named("one gradient for all rows of softmax cross-entropy, classes " + classes)
        .input("logits", Spec.f32(17, classes), Fill.normal(2))
        .input("labels", Spec.i32(17), Fill.below(classes))
        .input("grad", Spec.f32(1), Fill.normal(1))
        .program(LossCases::lossAndGradient);
  }

  private static OpCase awkward(String what, Fill logits, Fill labels) {
    return OpCase.named("softmax cross-entropy with " + what)
        .input("logits", Spec.f32(8, 5), logits)
        .input("labels", Spec.i32(8), labels)
        .input("grad", Spec.f32(8), Fill.normal(1))
        .program(LossCases::lossAndGradient);
  }

  private static List<Tensor> lossAndGradient(Trace trace, Tensor... in) {
    List<Tensor> out = new ArrayList<>(trace.add(new SoftmaxCrossEntropy(), in[0], in[1]));
    Tensor lse = out.get(1);
    out.addAll(trace.add(new SoftmaxCrossEntropyGrad(), in[0], in[1], lse, in[2]));
    return out;
  }
}
