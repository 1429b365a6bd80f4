package dev.tarn.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Program;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.Simplify;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Which updates run in place: each rule where it allows and where it refuses. */
class InPlaceTests {
  private static final Spec SPEC = Spec.f32(5, 5);

  private final State s = State.zeros("s", SPEC);
  private final State t = State.zeros("t", SPEC);

  /** The states that are updated in place. */
  private static Set<State> inPlace(Consumer<Trace> body) {
    Trace trace = new Trace();
    body.accept(trace);
    Program program =
        FuseElementwise.apply(Simplify.apply(trace.build("test")), true, node -> false);
    return new HashSet<>(InPlace.updates(program).values());
  }

  private static Tensor x(Trace trace) {
    return trace.input("x", SPEC);
  }

  private static void assertInPlace(Consumer<Trace> body, State... expected) {
    assertEquals(new HashSet<>(Arrays.asList(expected)), inPlace(body));
  }

  @Test
  void tapeOverItsOwnElements() {
    assertInPlace(trace -> trace.update(s, trace.state(s).mul(0.9).add(x(trace))), s);
  }

  @Test
  void tapeOfSeveralStates() {
    assertInPlace(
        trace -> {
          Tensor v = trace.state(t).mul(0.9).add(x(trace));
          trace.update(t, v);
          trace.update(s, trace.state(s).sub(v));
        },
        s,
        t);
  }

  @Test
  void anyNodeThatDoesNotReadTheOldValue() {
    assertInPlace(trace -> trace.update(s, x(trace).matmul(x(trace))), s);
    assertInPlace(trace -> trace.update(s, x(trace).exp()), s);
  }

  @Test
  void anyNodeAfterTheLastReadOfTheOldValue() {
    assertInPlace(trace -> trace.update(s, trace.state(s).exp().matmul(x(trace))), s);
  }

  @Test
  void notANodeThatReadsOtherElements() {
    assertInPlace(trace -> trace.update(s, trace.state(s).matmul(x(trace))));
  }

  @Test
  void notBeforeALaterReadOfTheOldValue() {
    assertInPlace(
        trace -> {
          Tensor old = trace.state(s);
          Tensor next = old.mul(2);
          trace.update(s, next);
          trace.output("y", old.add(next.sum()));
        });
    assertInPlace(
        trace -> {
          Tensor view = trace.state(s).reshape(25);
          Tensor next = x(trace).exp();
          trace.update(s, next);
          trace.output("y", next.sum().add(view).max());
        });
  }

  /** The node reads the old value through a reshape, or one element of it for many. */
  @Test
  void notThroughAnotherShape() {
    State flat = State.zeros("flat", Spec.f32(25));
    assertInPlace(
        trace -> trace.update(flat, trace.state(flat).reshape(5, 5).add(x(trace)).reshape(25)));
    assertInPlace(
        trace -> trace.update(s, x(trace).add(trace.state(s).sum()).add(trace.state(s).sum(0))), s);
  }

  @Test
  void notWhenTheOldValueIsAnOutput() {
    assertInPlace(
        trace -> {
          trace.output("old", trace.state(s));
          trace.update(s, trace.state(s).exp());
        });
    assertInPlace(
        trace -> {
          trace.output("old", trace.state(s).reshape(25));
          trace.update(s, x(trace).exp());
        });
  }

  /** A later program may change the state before the output is read. */
  @Test
  void notWhenTheNewValueIsAnOutput() {
    assertInPlace(
        trace -> {
          trace.update(s, trace.state(s).exp());
          trace.output("new", trace.state(s));
        });
    assertInPlace(
        trace -> {
          trace.update(s, x(trace).exp());
          trace.output("new", trace.state(s).reshape(25));
        });
  }

  @Test
  void oneStateForAValueOfTwo() {
    assertInPlace(
        trace -> {
          Tensor next = x(trace).exp();
          trace.update(s, next);
          trace.update(t, next);
        },
        s);
  }

  @Test
  void swapsKeepOneCopy() {
    Set<State> states =
        inPlace(
            trace -> {
              Tensor fromT = trace.state(t).neg();
              Tensor fromS = trace.state(s).neg();
              trace.update(s, fromT);
              trace.update(t, fromS);
            });
    assertEquals(1, states.size());
  }

  /** The old value of {@code s} is copied to {@code flat} when the body has run. */
  @Test
  void notWhenTheOldValueMovesToAnotherState() {
    State flat = State.zeros("flat", Spec.f32(25));
    assertInPlace(
        trace -> {
          trace.update(flat, trace.state(s).reshape(25));
          trace.update(s, trace.state(s).exp());
        });
  }

  @Test
  void constantsHaveABufferOfTheirOwn() {
    assertInPlace(trace -> trace.update(s, trace.constant(HostTensor.zeros(SPEC))));
  }

  @Test
  void flag() {
    State flag = State.zeros("flag", Spec.i32());
    assertInPlace(
        trace ->
            trace.update(
                flag,
                trace
                    .add(
                        new FirstNonFinite(),
                        trace.state(flag),
                        trace.input("step", Spec.i32()),
                        x(trace))
                    .get(0)),
        flag);
    assertInPlace(
        trace ->
            trace.update(
                flag,
                trace
                    .add(
                        new FirstNonFinite(),
                        trace.input("step", Spec.i32()),
                        trace.state(flag),
                        x(trace))
                    .get(0)));
    assertInPlace(
        trace ->
            trace.update(
                flag,
                trace
                    .add(new FirstNonFinite(), trace.state(flag), trace.state(flag), x(trace))
                    .get(0)));
  }
}
