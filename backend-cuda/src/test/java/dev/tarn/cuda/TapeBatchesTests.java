package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.ir.Program;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.Fill;
import dev.tarn.testkit.OpCase;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.Simplify;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Equal tapes in one launch: the reference's results, and the bits of launches apart. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TapeBatchesTests {
  @AutoClose private final Backend backend = CudaDevice.open();

  private CaseRun apart(OpCase opCase, Precision precision) {
    return CaseChecks.with(TapeBatches.PROPERTY, "false", backend, opCase, precision);
  }

  @TestFactory
  Stream<DynamicTest> agreeWithTheReferenceAndWithLaunchesApart() {
    List<OpCase> cases =
        List.of(averages(), exchanged(), chain(), convolutions(1), convolutions(2));
    return CaseChecks.of(cases, List.of(Precision.values()), this::check);
  }

  private void check(OpCase opCase, Precision precision) {
    CaseRun actual = CaseChecks.checked(backend, opCase, precision);
    apart(opCase, precision).assertSameBits(actual);
  }

  /** Running averages of several lengths: of one block and of many. */
  private static OpCase averages() {
    int[] lengths = {1, 5, 64, 300, 20_000};
    List<State> averages = new ArrayList<>();
    OpCase opCase = OpCase.named("running averages").steps(3);
    for (int i = 0; i < lengths.length; i++) {
      averages.add(State.zeros("average" + i, Spec.f32(lengths[i])));
      opCase = opCase.state(averages.get(i)).input("x" + i, Spec.f32(lengths[i]), Fill.normal(1));
    }
    return opCase.program(
        (t, in) -> {
          List<Tensor> all = new ArrayList<>();
          for (int i = 0; i < lengths.length; i++) {
            Tensor next = t.state(averages.get(i)).mul(0.9).add(in[i].mul(0.1));
            t.update(averages.get(i), next);
            all.add(next);
          }
          return all;
        });
  }

  /** The same tape on states that it exchanges: none may be overwritten while the other is read. */
  private static OpCase exchanged() {
    State a = State.zeros("a", Spec.f32(70));
    State b = State.zeros("b", Spec.f32(70));
    return OpCase.named("states exchanged")
        .steps(3)
        .state(a)
        .state(b)
        .input("x", Spec.f32(70), Fill.normal(1))
        .program(
            (t, in) -> {
              Tensor nextA = t.state(b).add(in[0]).tanh();
              Tensor nextB = t.state(a).add(in[0]).tanh();
              t.update(a, nextA);
              t.update(b, nextB);
              return List.of(nextA.mul(nextB).sum());
            });
  }

  /** The same tape on its own result, with a sum between: never together. */
  private static OpCase chain() {
    return OpCase.named("a chain")
        .by("x", Spec.f32(9, 6), Fill.normal(1))
        .program(
            (t, in) -> {
              Tensor h = in[0].tanh();
              h = h.sum(new int[] {0}, true).tanh();
              return List.of(h.sum(new int[] {1}, true).tanh());
            })
        .gradient();
  }

  /** Layers whose kernels are cast and packed together, of several windows. */
  private static OpCase convolutions(int groups) {
    return OpCase.named("convolutions in groups: " + groups)
        .by("x", Spec.f32(2, 16, 7, 7), Fill.normal(1))
        .by("v", Spec.f32(24, 16 / groups, 3, 3), Fill.normal(0.2))
        .by("w", Spec.f32(16, 24 / groups, 1, 1), Fill.normal(0.2))
        .by("u", Spec.f32(32, 16 / groups, 5, 5), Fill.normal(0.1))
        .program(
            (t, in) -> {
              Window2d unit = Window2d.UNIT.groups(groups);
              Tensor h = in[0].conv2d(in[1], unit.padding(1, 1, 1, 1)).tanh();
              h = h.conv2d(in[2], unit).tanh();
              return List.of(h.conv2d(in[3], unit.padding(2, 2, 2, 2)));
            })
        .gradient();
  }

  private static List<String> order(Trace trace) {
    Program simple = Simplify.apply(trace.build("test"));
    Program program = TapeBatches.together(FuseElementwise.apply(simple, true, node -> false));
    return program.body().stream()
        .map(node -> node.op().name())
        .filter(name -> !name.equals("reshape"))
        .toList();
  }

  @Test
  void equalTapesMoveToTheFirst() {
    Trace trace = new Trace();
    IntStream.range(0, 3)
        .forEach(
            i -> {
              Tensor x = trace.input("x" + i, Spec.f32(4, 5 + i));
              trace.output("y" + i, x.mul(2).tanh().sum(new int[] {0}, true));
            });
    assertEquals(
        List.of("fused", "fused", "fused", "reduce_sum", "reduce_sum", "reduce_sum"), order(trace));
  }

  @Test
  void aTapeStaysBehindWhatItReads() {
    Trace trace = new Trace();
    Tensor x = trace.input("x", Spec.f32(4, 5));
    trace.output("y", x.tanh().sum(new int[] {0}, true).tanh());
    assertEquals(List.of("fused", "reduce_sum", "fused"), order(trace));
  }

  @Test
  void largeTapesStayWhereTheyAre() {
    Trace trace = new Trace();
    for (int i = 0; i < 2; i++) {
      Tensor x = trace.input("x" + i, Spec.f32(1024, 1024));
      trace.output("y" + i, x.mul(2).tanh().sum(new int[] {0}, true));
    }
    assertEquals(List.of("fused", "reduce_sum", "fused", "reduce_sum"), order(trace));
  }

  @Test
  void launchesAreFewer() {
    assumeFalse(CudaDevice.isReal(), "skipped: only the emulator counts launches");
    OpCase opCase = averages();
    EmulatorStats before = EmulatorStats.now();
    CaseRun.of(backend, opCase, Precision.FP32);
    long together = EmulatorStats.now().since(before).kernelsRun();
    before = EmulatorStats.now();
    apart(opCase, Precision.FP32);
    // Four averages are one launch, in three steps; the one of a single number is read another way.
    assertEquals(9, EmulatorStats.now().since(before).kernelsRun() - together);
  }
}
