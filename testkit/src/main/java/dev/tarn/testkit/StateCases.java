package dev.tarn.testkit;

import dev.tarn.Arena;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.internal.RandomStream;
import java.util.List;

/** Updates of states: in place where that is safe, by copy where it is not, in arenas. */
final class StateCases {
  private static final Spec SQUARE = Spec.f32(17, 17);
  private static final Spec VECTOR = Spec.f32(33);

  private StateCases() {}

  static List<OpCase> all() {
    return List.of(
        accumulate(),
        momentum(),
        oldValueReadLater(),
        oldValueReadByMatmul(),
        newValueReadLater(),
        twoStatesOneValue(),
        swap(),
        shift(),
        rotateThroughReshapes(),
        overwrite(),
        updateIsOutput(),
        oldValueIsOutput(),
        reshapedUpdates(),
        counters(),
        arena(),
        accumulatedIntoMembers(),
        adam());
  }

  static State state(String name, Spec spec) {
    return new State(
        () -> name, spec, seed -> Fill.normal(1).make(spec, new RandomStream(seed, name), 0));
  }

  private static OpCase accumulate() {
    State sum = state("sum", VECTOR);
    return OpCase.named("state: add to it")
        .steps(3)
        .state(sum)
        .input("x", VECTOR, Fill.normal(1))
        .program(
            (trace, in) -> {
              trace.update(sum, trace.state(sum).add(in[0]));
              return List.of();
            });
  }

  private static OpCase momentum() {
    State weight = state("weight", SQUARE);
    State velocity = state("velocity", SQUARE);
    return OpCase.named("state: a momentum step, both states from one tape")
        .steps(3)
        .state(weight)
        .state(velocity)
        .input("g", SQUARE, Fill.normal(1))
        .input("lr", Spec.f32(), Fill.cycle(0.1))
        .program(
            (trace, in) -> {
              Tensor v = trace.state(velocity).mul(0.9).add(in[0]);
              trace.update(velocity, v);
              trace.update(weight, trace.state(weight).sub(v.mul(in[1])));
              return List.of();
            });
  }

  private static OpCase oldValueReadLater() {
    State s = state("s", VECTOR);
    return OpCase.named("state: old value read after the new one is known")
        .steps(2)
        .state(s)
        .input("x", VECTOR, Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor old = trace.state(s);
              Tensor next = old.mul(0.5).add(in[0]);
              trace.update(s, next);
              Tensor total = next.sum();
              return List.of(old.mul(total).sum(), old.add(total).max());
            });
  }

  private static OpCase oldValueReadByMatmul() {
    State s = state("s", SQUARE);
    State t = state("t", SQUARE);
    return OpCase.named("state: updated by operations that read all of it")
        .steps(2)
        .state(s)
        .state(t)
        .input("x", SQUARE, Fill.normal(0.2))
        .program(
            (trace, in) -> {
              trace.update(s, trace.state(s).matmul(in[0]));
              Tensor rows = trace.state(t).sub(trace.state(t).reshape(289).max());
              trace.update(t, rows.add(trace.state(t).sum(0)));
              return List.of();
            });
  }

  private static OpCase newValueReadLater() {
    State s = state("s", VECTOR);
    return OpCase.named("state: new value read later in the program, and updated again")
        .steps(2)
        .state(s)
        .input("x", VECTOR, Fill.normal(1))
        .program(
            (trace, in) -> {
              trace.update(s, trace.state(s).mul(0.5));
              Tensor sum = trace.state(s).sum();
              trace.update(s, trace.state(s).add(in[0]));
              return List.of(sum, trace.state(s).sum());
            });
  }

  private static OpCase twoStatesOneValue() {
    State s = state("s", VECTOR);
    State t = state("t", VECTOR);
    return OpCase.named("state: one value for two states")
        .steps(2)
        .state(s)
        .state(t)
        .input("x", VECTOR, Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor next = trace.state(s).add(in[0]);
              trace.update(t, next);
              trace.update(s, next);
              return List.of();
            });
  }

  private static OpCase swap() {
    State s = state("s", VECTOR);
    State t = state("t", VECTOR);
    return OpCase.named("state: swap in one program")
        .steps(3)
        .state(s)
        .state(t)
        .program(
            (trace, in) -> {
              Tensor fromT = trace.state(t).neg();
              Tensor fromS = trace.state(s).neg();
              trace.update(s, fromT);
              trace.update(t, fromS);
              return List.of();
            });
  }

  private static OpCase shift() {
    State first = state("first", VECTOR);
    State second = state("second", VECTOR);
    return OpCase.named("state: one program after the other moves values on")
        .steps(3)
        .state(first)
        .state(second)
        .input("x", VECTOR, Fill.normal(1))
        .program(
            (trace, in) -> {
              trace.update(second, trace.state(first).mul(2));
              return List.of(trace.state(second).sum());
            },
            "x")
        .program(
            (trace, in) -> {
              trace.update(first, in[0].sub(trace.state(second)));
              return List.of(trace.state(first).sum());
            },
            "x");
  }

  /** The next values are old values of other states; nothing computes them. */
  private static OpCase rotateThroughReshapes() {
    State a = state("a", Spec.f32(4, 9));
    State b = state("b", Spec.f32(36));
    State c = state("c", Spec.f32(6, 6));
    return OpCase.named("state: rotated through reshapes")
        .steps(4)
        .state(a)
        .state(b)
        .state(c)
        .program(
            (trace, in) -> {
              Tensor oldA = trace.state(a);
              Tensor oldB = trace.state(b);
              trace.update(a, oldB.reshape(4, 9));
              trace.update(b, trace.state(c).reshape(36));
              trace.update(c, oldA.reshape(6, 6).neg());
              return List.of();
            });
  }

  private static OpCase overwrite() {
    State s = state("s", VECTOR);
    State constant = state("constant", Spec.f32(3));
    State zero = state("zero", VECTOR);
    State input = state("input", Spec.f32(11, 3));
    return OpCase.named("state: overwritten without being read")
        .steps(2)
        .state(s)
        .state(constant)
        .state(zero)
        .state(input)
        .input("x", VECTOR, Fill.normal(1))
        .program(
            (trace, in) -> {
              trace.update(s, in[0].exp());
              trace.update(constant, trace.constant(HostTensor.of(new float[] {1, 2, 3}, 3)));
              trace.update(zero, trace.constant(0).broadcastTo(VECTOR.shape()));
              trace.update(input, in[0].reshape(11, 3));
              return List.of(trace.state(constant).sum());
            });
  }

  private static OpCase updateIsOutput() {
    State s = state("s", VECTOR);
    State t = state("t", VECTOR);
    return OpCase.named("state: the new value is also an output, and a later program changes it")
        .steps(2)
        .state(s)
        .state(t)
        .input("x", VECTOR, Fill.normal(1))
        .program(
            (trace, in) -> {
              trace.update(s, trace.state(s).add(in[0]));
              trace.update(t, trace.state(t).mul(in[0]));
              return List.of(trace.state(s), trace.state(t).reshape(3, 11));
            })
        .program(
            (trace, in) -> {
              trace.update(s, trace.state(s).neg());
              trace.update(t, trace.state(t).neg());
              return List.of(trace.state(s).sum());
            });
  }

  private static OpCase oldValueIsOutput() {
    State s = state("s", VECTOR);
    State t = state("t", VECTOR);
    State later = state("later", VECTOR);
    return OpCase.named("state: the old value is an output")
        .steps(2)
        .state(s)
        .state(t)
        .state(later)
        .input("x", VECTOR, Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor oldS = trace.state(s);
              Tensor oldT = trace.state(t).reshape(11, 3);
              trace.update(s, oldS.add(in[0]));
              trace.update(t, in[0].neg());
              return List.of(oldS, oldT, trace.state(later).reshape(33, 1));
            })
        .program(
            (trace, in) -> {
              trace.update(later, trace.state(later).mul(in[0]));
              return List.of();
            });
  }

  private static OpCase reshapedUpdates() {
    State matrix = state("matrix", Spec.f32(11, 3));
    State flat = state("flat", VECTOR);
    return OpCase.named("state: read and updated through reshapes")
        .steps(2)
        .state(matrix)
        .state(flat)
        .input("x", VECTOR, Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor view = trace.state(matrix).reshape(33);
              trace.update(matrix, view.add(in[0]).reshape(11, 3));
              Tensor rows = trace.state(flat).reshape(3, 11);
              trace.update(flat, rows.sub(rows.max(0)).reshape(33));
              return List.of(view.sum());
            });
  }

  private static OpCase counters() {
    State hits = State.zeros("hits", Spec.f32());
    State seen = State.zeros("seen", Spec.f32());
    State last = State.zeros("last", Spec.i32(12));
    return OpCase.named("state: counts of a metric, and one of i32")
        .steps(3)
        .state(hits)
        .state(seen)
        .state(last)
        .input("logits", Spec.f32(12, 3), Fill.distinct())
        .input("labels", Spec.i32(12), Fill.below(3))
        .program(
            (trace, in) -> {
              Tensor guess = in[0].argmax();
              trace.update(hits, trace.state(hits).add(guess.equal(in[1]).sum()));
              trace.update(seen, trace.state(seen).add(12));
              Tensor same = trace.state(last).equal(guess).sum();
              trace.update(last, guess);
              return List.of(same);
            });
  }

  private static OpCase arena() {
    State bias = state("bias", Spec.f32(3));
    State weight = state("weight", Spec.f32(5, 7));
    State scale = state("scale", Spec.f32());
    State wide = state("wide", Spec.f32(257));
    Arena values = Arena.of("values", List.of(bias, weight, scale, wide));
    Arena moments = values.like("moments", name -> name + ".moment");
    return OpCase.named("state: an arena updated as a whole after its members were read")
        .steps(3)
        .state(values)
        .state(moments)
        .input("x", Spec.f32(5, 7), Fill.normal(1))
        .input("lr", Spec.f32(), Fill.cycle(0.1))
        .program(
            (trace, in) -> {
              Tensor y = in[0].mul(trace.state(weight)).sum(1).mul(trace.state(scale));
              return List.of(y, trace.state(wide).sum(), trace.state(bias).reshape(3, 1));
            })
        .program(
            (trace, in) -> {
              Tensor moment = trace.state(moments).mul(0.5).add(trace.state(values).tanh());
              trace.update(moments, moment);
              trace.update(values, trace.state(values).sub(moment.mul(in[1])));
              return List.of();
            });
  }

  /** Members are written one by one, then the arena is read: the padding must stay zero. */
  private static OpCase accumulatedIntoMembers() {
    State a = State.zeros("a", Spec.f32(3));
    State b = State.zeros("b", Spec.f32(5, 7));
    State c = State.zeros("c", Spec.f32());
    State d = State.zeros("d", Spec.f32(33));
    Arena gradients = Arena.of("gradients", List.of(a, b, c, d));
    return OpCase.named("state: members written, then the arena read")
        .steps(3)
        .state(gradients)
        .input("x", Spec.f32(5, 7), Fill.normal(1))
        .input("y", VECTOR, Fill.normal(1))
        .program(
            (trace, in) -> {
              trace.update(a, in[1].reshape(11, 3).sum(0));
              trace.update(b, in[0].matmul(in[0], true, false).sum(0).mul(in[0]));
              trace.update(c, trace.state(c).add(in[1].sum()));
              trace.update(d, in[1].mul(trace.state(d).add(1)));
              return List.of();
            })
        .program(
            (trace, in) -> {
              Tensor g = trace.state(gradients);
              Tensor norm = g.mul(g).sum().sqrt();
              trace.update(gradients, g.div(norm.add(1)));
              return List.of(norm, g.max());
            });
  }

  private static OpCase adam() {
    State p = state("p", Spec.f32(257));
    State g = state("g", Spec.f32(257));
    State m = State.zeros("m", Spec.f32(257));
    State v = State.zeros("v", Spec.f32(257));
    return OpCase.named("state: Adam as one tape, gated by a flag")
        .steps(3)
        .state(p)
        .state(g)
        .state(m)
        .state(v)
        .input("lr", Spec.f32(), Fill.cycle(0.01))
        .input("gate", Spec.f32(), Fill.cycle(1).but(0, 0, 2))
        .input("c1", Spec.f32(), Fill.cycle(0.1))
        .input("c2", Spec.f32(), Fill.cycle(0.001))
        .program(
            (trace, in) -> {
              Tensor grad = trace.state(g);
              Tensor first = trace.state(m).mul(0.9).add(grad.mul(0.1));
              Tensor second = trace.state(v).mul(0.999).add(grad.mul(grad).mul(0.001));
              Tensor step = first.div(in[2]).div(second.div(in[3]).sqrt().add(1e-8));
              trace.update(m, in[1].select(first, trace.state(m)));
              trace.update(v, in[1].select(second, trace.state(v)));
              trace.update(p, in[1].select(trace.state(p).sub(step.mul(in[0])), trace.state(p)));
              return List.of();
            });
  }
}
