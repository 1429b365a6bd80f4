package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.transform.Gradient;
import java.util.Arrays;
import java.util.List;

/** Operations that users write: at many sizes, with several outputs, and in a training. */
final class CustomCases {
  private CustomCases() {}

  static List<OpCase> all() {
    return List.of(swish(), rotation(), oneOutputUsed(), training());
  }

  private static OpCase swish() {
    OpCase c = OpCase.named("custom swish at many sizes");
    for (int[] dims : new int[][] {{}, {0}, {1}, {3}, {17, 33}, {257}, {5, 1, 4099}}) {
      c.by("x" + c.inputNames().size(), Spec.f32(dims), Fill.normal(2));
    }
    return c.program((trace, in) -> Arrays.stream(in).map(x -> Swish.of(x, 1.5f)).toList());
  }

  private static OpCase rotation() {
    return rotated("custom operation with two outputs", 2);
  }

  /** The other output has no gradient: zeros take its place. */
  private static OpCase oneOutputUsed() {
    return rotated("custom operation of which one output is used", 1);
  }

  private static OpCase rotated(String name, int outputs) {
    return OpCase.named(name)
        .by("x", Spec.f32(17, 33), Fill.normal(1))
        .by("y", Spec.f32(17, 33), Fill.normal(1))
        .input("turns", Spec.i32(17, 33), Fill.cycle(0, 1, -2, 3, 5))
        .program((trace, in) -> trace.custom(new Rotation(0.7), in).subList(0, outputs));
  }

  private static OpCase training() {
    State w = StateCases.state("w", Spec.f32(33, 17));
    return OpCase.named("training through a custom operation")
        .input("x", Spec.f32(3, 33), Fill.normal(1))
        .state(w)
        .steps(3)
        .program((trace, in) -> List.of(descend(trace, w, in[0])));
  }

  private static Tensor descend(Trace trace, State w, Tensor x) {
    Tensor weight = trace.state(w);
    Tensor loss = Swish.of(x.matmul(weight), 1).square().mean();
    Tensor gradient = Gradient.of(loss, List.of(weight)).get(0);
    trace.update(w, weight.sub(gradient.mul(0.1)));
    return loss;
  }
}
