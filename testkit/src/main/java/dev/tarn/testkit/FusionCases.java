package dev.tarn.testkit;

import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.ir.Broadcast;
import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.Elementwise.Kind;
import dev.tarn.ir.Fused;
import java.util.ArrayList;
import java.util.List;

/** Elementwise work that fusion joins, splits or must leave apart; tapes written by hand. */
final class FusionCases {
  private FusionCases() {}

  static List<OpCase> all() {
    return List.of(
        longChain(),
        manyOutputs(),
        notAcrossAReduction(),
        notAcrossAMatmul(),
        manyOperands(),
        manyNumbers(),
        broadcastsInside(),
        diamonds(),
        sameRegisterTwice(),
        scalars(),
        integersBesideImages(),
        handWrittenTape(),
        handWrittenMask());
  }

  private static OpCase longChain() {
    return OpCase.named("a chain longer than one tape")
        .input("x", Spec.f32(257), Fill.normal(1))
        .input("y", Spec.f32(257), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor x = in[0];
              for (int i = 0; i < 30; i++) {
                x = x.mul(0.75).add(in[1]).tanh();
              }
              return List.of(x);
            });
  }

  private static OpCase manyOutputs() {
    return OpCase.named("a tape with many outputs")
        .input("x", Spec.f32(33, 17), Fill.normal(1))
        .program(
            (trace, in) -> {
              List<Tensor> out = new ArrayList<>();
              Tensor x = in[0];
              for (int i = 0; i < 6; i++) {
                x = x.sigmoid().add(in[0]);
                out.add(x);
              }
              return out;
            });
  }

  /** Joining the first and last step would make a cycle through the reduction. */
  private static OpCase notAcrossAReduction() {
    return OpCase.named("elementwise work on both sides of a reduction")
        .by("x", Spec.f32(17, 33), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor e = in[0].exp();
              Tensor p = e.div(e.sum(1).reshape(17, 1));
              Tensor centred = p.sub(p.mean(0));
              return List.of(p, centred.mul(p).add(e));
            });
  }

  private static OpCase notAcrossAMatmul() {
    return OpCase.named("elementwise work on both sides of a matmul")
        .input("x", Spec.f32(17, 17), Fill.normal(0.3))
        .program(
            (trace, in) -> {
              Tensor a = in[0].tanh();
              Tensor b = a.neg();
              Tensor c = a.matmul(b).add(a);
              return List.of(c.mul(b), b.sub(c).sigmoid());
            });
  }

  private static OpCase manyOperands() {
    OpCase c = OpCase.named("more operands than one tape takes");
    for (int i = 0; i < 40; i++) {
      c.input("x" + i, Spec.f32(37), Fill.normal(1));
    }
    return c.program(
        (trace, in) -> {
          Tensor sum = in[0];
          Tensor last = in[0];
          for (int i = 1; i < in.length; i++) {
            sum = sum.add(in[i].mul(in[i - 1]));
            last = in[i].sub(last);
          }
          return List.of(sum, last);
        });
  }

  private static OpCase manyNumbers() {
    return OpCase.named("more numbers than one tape takes")
        .input("x", Spec.f32(37), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor x = in[0];
              for (int i = 0; i < 40; i++) {
                x = x.add(1 / (i + 3.0)).mul(0.5 + i / 64.0);
              }
              return List.of(x);
            });
  }

  private static OpCase broadcastsInside() {
    return OpCase.named("broadcast operands inside a tape")
        .by("x", Spec.f32(3, 17, 5), Fill.normal(1))
        .by("last", Spec.f32(5), Fill.normal(1))
        .by("middle", Spec.f32(17, 1), Fill.normal(1))
        .by("first", Spec.f32(3, 1, 1), Fill.normal(1))
        .by("outer", Spec.f32(3, 1, 5), Fill.normal(1))
        .by("scalar", Spec.f32(), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    in[0]
                        .mul(in[1])
                        .add(in[2])
                        .mul(in[3])
                        .sub(in[4])
                        .add(in[5].broadcastTo(Shape.of(3, 17, 5)))
                        .tanh()));
  }

  private static OpCase diamonds() {
    return OpCase.named("diamonds")
        .by("x", Spec.f32(33), Fill.awayFromZero())
        .by("y", Spec.f32(33), Fill.awayFromZero())
        .program(
            (trace, in) -> {
              Tensor a = in[0].relu();
              Tensor b = in[0].abs();
              Tensor c = a.mul(b).add(a);
              Tensor d = c.sub(b).mul(c);
              Tensor other = in[1].abs().sqrt();
              return List.of(d.add(other), other.mul(a), c);
            });
  }

  /** Two broadcasts of one value are two outputs of one register. */
  private static OpCase sameRegisterTwice() {
    return OpCase.named("one register as two outputs")
        .by("row", Spec.f32(5), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor x = in[0].exp().broadcastTo(Shape.of(4, 5));
              Tensor copy = trace.add(new Broadcast(Shape.of(4, 5)), x).get(0);
              return List.of(x, copy, x.add(copy).neg());
            });
  }

  private static OpCase scalars() {
    return OpCase.named("tapes of scalars")
        .input("x", Spec.f32(), Fill.uniform(0.5, 2))
        .input("y", Spec.f32(1), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor a = in[0].log().mul(3).sub(in[0]);
              return List.of(a, a.add(in[1]).sigmoid(), a.mul(0.5).exp().reshape(1, 1));
            });
  }

  /** Images may lie with their channels last, but not those of integers. */
  private static OpCase integersBesideImages() {
    return OpCase.named("integers beside images")
        .input("x", Spec.f32(2, 3, 5, 5), Fill.normal(1))
        .input("kernel", Spec.f32(16, 3, 1, 1), Fill.normal(0.5))
        .input("image", Spec.i32(2, 16, 5, 5), Fill.below(3))
        .input("channels", Spec.i32(16, 1, 1), Fill.below(3))
        .input("one", Spec.i32(), Fill.below(3))
        .program(
            (trace, in) -> {
              Tensor y = in[0].conv2d(in[1], Window2d.UNIT);
              Tensor z = in[3].equal(in[4]).select(y, y.neg()).exp();
              return List.of(in[2].equal(in[4]).select(z, y));
            });
  }

  private static OpCase handWrittenTape() {
    Fused tape =
        new Fused(
            Shape.of(4, 9),
            List.of(
                new Fused.Load(1),
                new Fused.Load(0),
                new Fused.Immediate(-1.5),
                new Fused.Apply(Kind.MUL, List.of(0, 1)),
                new Fused.Apply(Kind.SELECT, List.of(3, 2, 1)),
                new Fused.Load(0)),
            List.of(4, 2, 1, 4, 5, 0));
    return OpCase.named("a tape written by hand")
        .input("x", Spec.f32(4, 9), Fill.cycle(0, 1, -2, 0, 0.5, 7, 0))
        .input("y", Spec.f32(9), Fill.normal(1))
        .program((trace, in) -> trace.add(tape, in));
  }

  private static OpCase handWrittenMask() {
    DropoutMask mask = new DropoutMask(Shape.of(37), 99, 0.5f);
    Fused tape =
        new Fused(Shape.of(37), List.of(new Fused.Mask(1, 0, mask), new Fused.Load(2)), List.of(0));
    return OpCase.named("a mask in a tape written by hand")
        .steps(2)
        .input(Trace.STEP, Spec.i32(), Fill.step())
        .input(Trace.SEED, Spec.i32(2), Fill.bits())
        .input("x", Spec.f32(37), Fill.normal(1))
        .program((trace, in) -> trace.add(tape, in))
        .exactly(data -> List.of(DropoutCases.mask(mask, data.get(1), data.get(0))));
  }
}
