package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.ir.GatherGrad;
import java.util.ArrayList;
import java.util.List;

/** Rows of tables at many sizes, repeated and wrong numbers; one-hot rows. */
final class GatherCases {
  private GatherCases() {}

  static List<OpCase> all() {
    return List.of(gather(), large(), gradient(), outOfRange(), oneHot(), argmin());
  }

  private static OpCase gather() {
    int[][] sizes = {{1, 1, 1}, {3, 17, 33}, {33, 1, 17}, {257, 33, 3}, {17, 257, 5}};
    OpCase c = OpCase.named("gather at many sizes");
    for (int[] size : sizes) {
      int number = c.inputNames().size() / 2;
      c.by("t" + number, Spec.f32(size[0], size[1]), Fill.normal(1));
      c.input("i" + number, Spec.i32(size[2]), Fill.below(size[0]));
    }
    c.by("t", Spec.f32(5, 3), Fill.normal(1)).input("i", Spec.i32(2, 1, 4), Fill.below(5));
    c.by("u", Spec.f32(5, 3), Fill.normal(1)).input("scalar", Spec.i32(), Fill.below(5));
    c.by("v", Spec.f32(5, 3), Fill.normal(1)).input("none", Spec.i32(0), Fill.below(5));
    return c.program(
        (trace, in) -> {
          List<Tensor> out = new ArrayList<>();
          for (int i = 0; i < in.length; i += 2) {
            out.add(in[i].gather(in[i + 1]));
          }
          return out;
        });
  }

  /** More rows than a block of threads owns, more numbers than it reads at once. */
  private static OpCase large() {
    return OpCase.named("gather of many rows from a large table")
        .by("table", Spec.f32(1537, 40), Fill.normal(1))
        .input("indices", Spec.i32(700), Fill.below(1537))
        .by("wide", Spec.f32(2, 4099), Fill.normal(1))
        .input("few", Spec.i32(5), Fill.below(2))
        .program((trace, in) -> List.of(in[0].gather(in[1]), in[2].gather(in[3])));
  }

  private static OpCase gradient() {
    return OpCase.named("gradient of gather as an operation")
        .input("indices", Spec.i32(5, 7), Fill.below(9))
        .by("dy", Spec.f32(5, 7, 17), Fill.normal(1))
        .program((trace, in) -> trace.add(new GatherGrad(9), in));
  }

  private static OpCase outOfRange() {
    int min = Integer.MIN_VALUE;
    int max = Integer.MAX_VALUE;
    return OpCase.named("gather with indices out of range")
        .input("table", Spec.f32(5, 3), Fill.normal(1))
        .input("indices", Spec.i32(8), Fill.cycle(0, -1, 4, 5, min, max, 2, 2))
        .input("dy", Spec.f32(8, 3), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(in[0].gather(in[1]), trace.add(new GatherGrad(5), in[1], in[2]).get(0)));
  }

  private static OpCase oneHot() {
    return OpCase.named("one-hot")
        .input("indices", Spec.i32(3, 5), Fill.cycle(0, 3, -1, 2, 4, 100, 1))
        .program((trace, in) -> List.of(in[0].oneHot(4), in[0].oneHot(1)));
  }

  private static OpCase argmin() {
    return OpCase.named("argmin")
        .input("x", Spec.f32(17, 33), Fill.distinct())
        .input("y", Spec.f32(3, 1), Fill.normal(1))
        .program((trace, in) -> List.of(in[0].argmin(), in[1].argmin()));
  }
}
