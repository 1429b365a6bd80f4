package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Transposes, slices, concatenations and paddings of every kind; stopped gradients. */
final class MovementCases {
  private MovementCases() {}

  static List<OpCase> all() {
    return List.of(
        transposeOfMatrices(),
        transposeOfManyAxes(),
        transposeOfIntegers(),
        slice(),
        sliceOfIntegers(),
        pad(),
        padOfIntegers(),
        concat(),
        concatOfIntegers(),
        stackAndSplit(),
        empty(),
        expand(),
        stopGradient(),
        stoppedUpdate(),
        movedUpdates());
  }

  private static OpCase transposeOfMatrices() {
    OpCase c = OpCase.named("transpose of matrices");
    int[][] sizes = {{1, 1}, {1, 257}, {257, 1}, {3, 17}, {33, 65}, {257, 33}, {5, 17, 33}};
    for (int[] dims : sizes) {
      c.by("x" + c.inputNames().size(), Spec.f32(dims), Fill.normal(1));
    }
    return c.program((trace, in) -> Arrays.stream(in).map(Tensor::t).toList());
  }

  private static OpCase transposeOfManyAxes() {
    return OpCase.named("transpose of many axes")
        .by("x", Spec.f32(3, 17, 5, 2), Fill.normal(1))
        .by("y", Spec.f32(33, 1, 3, 1, 17), Fill.normal(1))
        .by("s", Spec.f32(), Fill.normal(1))
        .by("z", Spec.f32(3, 17, 5, 2), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    in[0].transpose(),
                    in[0].transpose(0, 2, 1, 3),
                    in[0].transpose(1, 2, 3, 0),
                    in[3].transpose(2, 0, 3, 1),
                    in[3].transpose(0, 1, 2, 3),
                    in[1].transpose(1, 0, 2, 3, 4),
                    in[1].transpose(-1, 2, 1, 0, 3),
                    in[1].transpose(2, 1, 0, 3, -1),
                    in[2].transpose()));
  }

  private static OpCase transposeOfIntegers() {
    return OpCase.named("transpose of i32")
        .input("x", Spec.i32(33, 17), Fill.bits())
        .input("y", Spec.i32(3, 5, 7), Fill.bits())
        .program((trace, in) -> List.of(in[0].t(), in[1].t(), in[1].transpose(1, 0, 2)));
  }

  private static OpCase slice() {
    return OpCase.named("slice")
        .by("v", Spec.f32(257), Fill.normal(1))
        .by("x", Spec.f32(17, 33), Fill.normal(1))
        .by("y", Spec.f32(3, 5, 1, 7), Fill.normal(1))
        .by("z", Spec.f32(17, 33), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    in[0].narrow(0, 3, 250),
                    in[0].narrow(0, 256, 1),
                    in[3].narrow(0, 0, 17),
                    in[1].narrow(0, 5, 3),
                    in[1].narrow(-1, 32, 1),
                    in[3].narrow(1, 1, 31),
                    in[1].slice(new int[] {1, 2}, new int[] {16, 3}),
                    in[2].slice(new int[] {1, 0, 0, 2}, new int[] {3, 4, 1, 6}),
                    in[2].slice(new int[] {2, 4, 0, 6}, new int[] {3, 5, 1, 7})));
  }

  private static OpCase sliceOfIntegers() {
    return OpCase.named("slice of i32")
        .input("x", Spec.i32(17, 33), Fill.bits())
        .program((trace, in) -> List.of(in[0].narrow(0, 16, 1), in[0].narrow(1, 3, 17)));
  }

  private static OpCase pad() {
    return OpCase.named("pad")
        .by("v", Spec.f32(17), Fill.normal(1))
        .by("x", Spec.f32(3, 33), Fill.normal(1))
        .by("y", Spec.f32(2, 1, 5, 3), Fill.normal(1))
        .by("s", Spec.f32(), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    in[0].pad(new int[] {1}, new int[] {240}, 0),
                    in[0].pad(new int[] {0}, new int[] {0}, 5),
                    in[1].pad(new int[] {1, 0}, new int[] {0, 0}, 0.5),
                    in[1].pad(new int[] {0, 3}, new int[] {2, 1}, Double.NEGATIVE_INFINITY).relu(),
                    in[2].pad(new int[] {0, 1, 2, 3}, new int[] {3, 2, 1, 0}, -1),
                    in[2].pad(new int[] {0, 0, 0, 1}, new int[] {0, 0, 0, 1}, 0),
                    in[3].pad(new int[0], new int[0], 1)));
  }

  private static OpCase padOfIntegers() {
    return OpCase.named("pad of i32")
        .input("x", Spec.i32(3, 17), Fill.bits())
        .program((trace, in) -> List.of(in[0].pad(new int[] {1, 0}, new int[] {0, 2}, -7)));
  }

  private static OpCase concat() {
    return OpCase.named("concat")
        .by("a", Spec.f32(3, 1, 17), Fill.normal(1))
        .by("b", Spec.f32(3, 5, 17), Fill.normal(1))
        .by("c", Spec.f32(3, 5, 33), Fill.normal(1))
        .by("d", Spec.f32(1, 5, 17), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    Tensor.concat(1, List.of(in[0], in[1], in[0])),
                    Tensor.concat(-1, List.of(in[1], in[2])),
                    Tensor.concat(0, List.of(in[3], in[1])),
                    Tensor.concat(2, List.of(in[2]))));
  }

  private static OpCase concatOfIntegers() {
    return OpCase.named("concat of i32")
        .input("a", Spec.i32(3, 17), Fill.bits())
        .input("b", Spec.i32(3, 1), Fill.bits())
        .program((trace, in) -> List.of(Tensor.concat(1, List.of(in[0], in[1], in[1]))));
  }

  private static OpCase stackAndSplit() {
    return OpCase.named("stack and split")
        .by("a", Spec.f32(3, 8), Fill.normal(1))
        .by("b", Spec.f32(3, 8), Fill.normal(1))
        .program(
            (trace, in) -> {
              List<Tensor> out = new ArrayList<>(in[0].split(1, 4));
              out.addAll(in[1].split(-1, new int[] {1, 5, 2}));
              out.add(Tensor.stack(0, List.of(in[0], in[1])));
              out.add(Tensor.stack(1, List.of(in[0], in[1], in[0])));
              out.add(Tensor.stack(-1, List.of(in[0], in[1])).unsqueeze(0));
              return out;
            });
  }

  private static OpCase empty() {
    return OpCase.named("movement of nothing")
        .by("x", Spec.f32(3, 0, 5), Fill.normal(1))
        .by("y", Spec.f32(3, 2, 5), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    in[0].transpose(),
                    in[0].pad(new int[] {0, 1, 0}, new int[] {0, 1, 0}, 3),
                    in[1].narrow(1, 2, 0),
                    Tensor.concat(1, List.of(in[0], in[1], in[0])),
                    Tensor.concat(0, List.of(in[0], in[0])),
                    in[0].softmax()));
  }

  private static OpCase expand() {
    return OpCase.named("squeeze, unsqueeze and expand")
        .by("x", Spec.f32(3, 1, 17), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    in[0].squeeze(1),
                    in[0].unsqueeze(0).squeeze(-2),
                    in[0].unsqueeze(-1),
                    in[0].expand(-1, 5, -1),
                    in[0].expand(2, 3, 4, 17)));
  }

  private static OpCase stopGradient() {
    return OpCase.named("stop_gradient")
        .input("x", Spec.f32(3, 17), Fill.normal(1))
        .input("n", Spec.i32(3), Fill.below(9))
        .program(
            (trace, in) -> {
              Tensor stopped = in[0].tanh().stopGradient();
              return List.of(stopped, stopped.mul(in[0]), in[1].stopGradient());
            });
  }

  private static OpCase stoppedUpdate() {
    State first = State.zeros("first", Spec.f32(3, 17));
    State second = State.zeros("second", Spec.f32(3, 17));
    return OpCase.named("stop_gradient into states")
        .input("x", Spec.f32(3, 17), Fill.normal(1))
        .state(first)
        .state(second)
        .steps(2)
        .program(
            (trace, in) -> {
              trace.update(first, in[0].stopGradient());
              trace.update(second, trace.state(second).add(in[0]).stopGradient());
              return List.of();
            });
  }

  /** A queue: what a state holds is moved within itself. */
  private static OpCase movedUpdates() {
    State queue = State.zeros("queue", Spec.f32(5, 3));
    State turned = State.zeros("turned", Spec.f32(4, 4));
    return OpCase.named("moved within states")
        .input("x", Spec.f32(1, 3), Fill.normal(1))
        .input("y", Spec.f32(4, 4), Fill.normal(1))
        .state(queue)
        .state(turned)
        .steps(3)
        .program(
            (trace, in) -> {
              Tensor rest = trace.state(queue).narrow(0, 0, 4);
              trace.update(queue, Tensor.concat(0, List.of(in[0], rest)));
              trace.update(turned, trace.state(turned).add(in[1]).t());
              return List.of();
            });
  }
}
