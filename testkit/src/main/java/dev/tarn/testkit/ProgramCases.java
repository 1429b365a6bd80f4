package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.List;

/** Several programs compiled together, and what inputs and outputs may be. */
final class ProgramCases {
  private ProgramCases() {}

  static List<OpCase> all() {
    return List.of(
        sharedInput(),
        disjointInputs(),
        repeatedOutputs(),
        unusedInput(),
        manySteps(),
        trainingStep());
  }

  private static OpCase sharedInput() {
    return OpCase.named("programs: two share an input")
        .input("x", Spec.f32(33), Fill.normal(1))
        .input("n", Spec.i32(3), Fill.below(9))
        .program((trace, in) -> List.of(in[0].exp(), in[0]), "x")
        .program((trace, in) -> List.of(in[0].equal(in[0]), in[1].neg()), "n", "x");
  }

  private static OpCase disjointInputs() {
    return OpCase.named("programs: three with inputs of their own")
        .steps(2)
        .input("a", Spec.f32(3), Fill.normal(1))
        .input("b", Spec.f32(17, 5), Fill.normal(1))
        .input("c", Spec.f32(), Fill.normal(1))
        .program((trace, in) -> List.of(in[0].tanh()), "a")
        .program((trace, in) -> List.of(in[0].sum(0), in[0].max(1)), "b")
        .program((trace, in) -> List.of(in[0].mul(in[1]).neg()), "c", "a");
  }

  private static OpCase repeatedOutputs() {
    return OpCase.named("programs: one value under several names")
        .input("x", Spec.f32(3, 4), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor y = in[0].exp();
              Tensor again = in[0].exp();
              return List.of(y, y, again, y.reshape(12), y.neg(), y);
            });
  }

  private static OpCase unusedInput() {
    return OpCase.named("programs: an input that nothing reads")
        .input("unused", Spec.f32(257), Fill.normal(1))
        .input("x", Spec.f32(3), Fill.normal(1))
        .input("none", Spec.i32(), Fill.below(5))
        .program((trace, in) -> List.of(in[1].abs()));
  }

  /** Every run has other data: what a first run leaves in memory must not be seen by the next. */
  private static OpCase manySteps() {
    State count = State.zeros("count", Spec.f32(5));
    return OpCase.named("programs: eight steps with other data in each")
        .steps(8)
        .state(count)
        .input("x", Spec.f32(33, 5), Fill.distinct())
        .input("w", Spec.f32(5, 17), Fill.normal(0.4))
        .program(
            (trace, in) -> {
              Tensor h = in[0].matmul(in[1]);
              Tensor p = h.softmax();
              trace.update(count, trace.state(count).add(in[0].max(0)));
              return List.of(p.sum(0), h.argmax(), trace.state(count).sum());
            });
  }

  /** Forward, backward and update of a small network, written out by hand. */
  private static OpCase trainingStep() {
    State w1 = StateCases.state("w1", Spec.f32(17, 9));
    State b1 = StateCases.state("b1", Spec.f32(17));
    State w2 = StateCases.state("w2", Spec.f32(5, 17));
    return OpCase.named("programs: five training steps of a small network")
        .steps(5)
        .within(1e-4)
        .state(w1)
        .state(b1)
        .state(w2)
        .input("x", Spec.f32(8, 9), Fill.normal(1))
        .input("labels", Spec.i32(8), Fill.below(5))
        .program(
            (trace, in) -> {
              List<State> states = List.of(w1, b1, w2);
              Tensor h = in[0].matmul(trace.state(w1), false, true).add(trace.state(b1)).tanh();
              Tensor logits = h.matmul(trace.state(w2), false, true);
              Tensor loss = logits.softmaxCrossEntropy(in[1]).mean();
              List<Tensor> read = states.stream().map(trace::state).toList();
              List<Tensor> gradients = Gradient.of(loss, read);
              for (int i = 0; i < states.size(); i++) {
                trace.update(states.get(i), read.get(i).sub(gradients.get(i).mul(0.1)));
              }
              List<Tensor> out = new ArrayList<>(gradients);
              out.add(loss);
              return out;
            });
  }
}
