package dev.tarn.testkit;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.FirstNonFinite;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The sticky flag of the first step with a NaN or an infinity. */
final class FlagCases {
  private FlagCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      cases.add(places(bad));
    }
    cases.add(clean());
    cases.add(sticky());
    cases.add(manyTensors());
    cases.add(inPlace());
    return cases;
  }

  private static Tensor flag(Trace trace, Tensor... operands) {
    return trace.add(new FirstNonFinite(), operands).get(0);
  }

  /** A single bad element first, in the middle and last of tensors of several sizes. */
  private static OpCase places(float bad) {
    OpCase c =
        OpCase.named("flag of " + bad + " at every place")
            .input("flag", Spec.i32(), Fill.cycle(0))
            .input(Trace.STEP, Spec.i32(), Fill.cycle(7));
    int count = 0;
    for (int size : new int[] {1, 3, 33, 257, 4099}) {
      for (int at : new int[] {0, size / 2, size - 1}) {
        c.input("x" + count++, Spec.f32(size), Fill.normal(1).but(new int[] {at}, bad));
      }
    }
    int flags = count;
    return c.program(
            (trace, in) -> {
              List<Tensor> out = new ArrayList<>();
              for (int i = 2; i < in.length; i++) {
                out.add(flag(trace, in[0], in[1], in[i]));
              }
              return out;
            })
        .exactly(data -> Collections.nCopies(flags, HostTensor.scalar(7)));
  }

  private static OpCase clean() {
    return OpCase.named("flag of finite tensors")
        .input("flag", Spec.i32(), Fill.cycle(0))
        .input(Trace.STEP, Spec.i32(), Fill.cycle(7))
        .input("x", Spec.f32(33, 17), Fill.cycle(Float.MAX_VALUE, -Float.MAX_VALUE, 0, -0.0, 1e-45))
        .input("y", Spec.f32(), Fill.normal(1))
        .program((trace, in) -> List.of(flag(trace, in)))
        .exactly(data -> List.of(HostTensor.scalar(0)));
  }

  private static OpCase sticky() {
    return OpCase.named("flag that is already raised")
        .input("flag", Spec.i32(), Fill.cycle(3))
        .input(Trace.STEP, Spec.i32(), Fill.cycle(7))
        .input("good", Spec.f32(5), Fill.normal(1))
        .input("bad", Spec.f32(5), Fill.normal(1).but(new int[] {2}, Float.NaN))
        .program(
            (trace, in) ->
                List.of(flag(trace, in[0], in[1], in[2]), flag(trace, in[0], in[1], in[3])))
        .exactly(data -> List.of(HostTensor.scalar(3), HostTensor.scalar(3)));
  }

  private static OpCase manyTensors() {
    OpCase c =
        OpCase.named("flag of many tensors")
            .steps(3)
            .input("flag", Spec.i32(), Fill.cycle(0))
            .input(Trace.STEP, Spec.i32(), Fill.step());
    for (int i = 0; i < 40; i++) {
      int bad = i == 37 ? 2 : i == 5 ? 3 : 0;
      c.input("x" + i, Spec.f32(i + 1), Fill.normal(1).but(i, Float.NaN, bad));
    }
    return c.program((trace, in) -> List.of(flag(trace, in)));
  }

  /** Three steps, of which the second is bad: the flag stays 2. */
  private static OpCase inPlace() {
    State flag = State.zeros("flag", Spec.i32());
    State late = State.zeros("late", Spec.i32());
    return OpCase.named("flag as a state")
        .steps(3)
        .state(flag)
        .state(late)
        .input(Trace.STEP, Spec.i32(), Fill.step())
        .input("x", Spec.f32(257), Fill.normal(1).but(256, Float.NEGATIVE_INFINITY, 2))
        .program(
            (trace, in) -> {
              Tensor raised = flag(trace, trace.state(flag), in[0], in[1], in[1].exp());
              trace.update(flag, raised);
              trace.update(late, flag(trace, trace.state(late), in[0], in[1].mul(0)));
              return List.of(raised.equal(trace.constant(HostTensor.scalar(0))));
            });
  }
}
