package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.Program;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.Fill;
import dev.tarn.testkit.OpCase;
import dev.tarn.transform.FuseElementwise;
import dev.tarn.transform.Simplify;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Tapes in the kernels of convolutions: the reference's results, and the bits of kernels apart. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EpiloguesTests {
  private static final Window2d SAME = Window2d.UNIT.padding(1, 1, 1, 1);

  @AutoClose private final Backend backend = CudaDevice.open();

  /** Sums that tapes take have other bits than those of kernels apart. */
  @BeforeAll
  static void sumsStayApart() {
    System.setProperty(TapeSums.PROPERTY, "false");
  }

  @AfterAll
  static void sumsMayJoin() {
    System.clearProperty(TapeSums.PROPERTY);
  }

  private CaseRun apart(OpCase opCase, Precision precision) {
    return CaseChecks.with(Epilogues.PROPERTY, "false", backend, opCase, precision);
  }

  @TestFactory
  Stream<DynamicTest> agreeWithTheReferenceAndWithKernelsApart() {
    return CaseChecks.of(cases(), precisions(), this::check);
  }

  List<Precision> precisions() {
    return List.of(Precision.values());
  }

  private void check(OpCase opCase, Precision precision) {
    CaseRun actual = CaseChecks.checked(backend, opCase, precision);
    CaseRun apart = apart(opCase, precision);
    if (opCase.name().contains("normalization")) {
      // Statistics come from the convolution too, but for rounding.
      apart.assertClose(actual, CaseChecks.tolerance(precision));
    } else {
      apart.assertSameBits(actual);
    }
  }

  private static List<OpCase> cases() {
    List<OpCase> cases = new ArrayList<>();
    // Whole eights of channels and not; wide, narrow and direct kernels; planes of fours and not.
    for (int channels : new int[] {5, 16, 20, 72}) {
      cases.add(block("bias and relu", channels, 1, (h, b) -> h.add(b).relu()));
    }
    cases.add(block("bias and relu of pairs of channels,", 16, 2, (h, b) -> h.add(b).relu()));
    cases.add(block("bias and relu of single channels,", 16, 16, (h, b) -> h.add(b).relu()));
    // Two results for the backward pass; numbers, a single one, and a function that keeps neither.
    cases.add(block("a gate", 16, 1, (h, b) -> h.add(b).mul(h.add(b).sigmoid())));
    cases.add(block("numbers", 24, 1, (h, b) -> h.mul(0.3).add(b.mean()).sub(0.1).tanh()));
    // Numbers that are compared, and one that is a whole input.
    cases.add(
        OpCase.named("whole numbers")
            .by("x", Spec.f32(2, 8, 6, 6), Fill.normal(1))
            .by("w", Spec.f32(8, 8, 3, 3), Fill.normal(0.2))
            .input("n", Spec.i32(), Fill.cycle(3))
            .program(
                (trace, in) -> {
                  Tensor three = trace.constant(HostTensor.of(new int[] {3}));
                  Tensor same = three.equal(trace.constant(HostTensor.of(new int[] {3})));
                  Tensor other = in[2].equal(trace.constant(HostTensor.of(new int[] {7})));
                  Tensor h = in[0].conv2d(in[1], SAME).mul(same);
                  return List.of(other.select(h.mul(0.5), h));
                }));
    cases.add(
        OpCase.named("a kernel that is an image")
            .by("x", Spec.f32(8, 8, 5, 5), Fill.normal(1))
            .by("v", Spec.f32(8, 8, 3, 3), Fill.normal(0.2))
            .by("z", Spec.f32(2, 8, 6, 6), Fill.normal(1))
            .program(
                (trace, in) -> {
                  Tensor kernel = in[0].conv2d(in[1], Window2d.UNIT).tanh();
                  return List.of(in[2].conv2d(kernel, SAME));
                }));
    cases.add(normalized(6, 5));
    cases.add(normalized(16, 12));
    cases.add(
        OpCase.named("two residual blocks, the second halved")
            .by("x", Spec.f32(3, 16, 8, 8), Fill.normal(1))
            .by("v", Spec.f32(16, 16, 3, 3), Fill.normal(0.1))
            .by("w", Spec.f32(24, 16, 3, 3), Fill.normal(0.1))
            .by("projection", Spec.f32(24, 16, 1, 1), Fill.normal(0.3))
            .by("scale", Spec.f32(16, 1, 1), Fill.normal(1))
            .by("last", Spec.f32(24, 24, 3, 3), Fill.normal(0.1))
            .program(
                (trace, in) -> {
                  Window2d half = SAME.stride(2, 2);
                  Tensor h = in[0].relu();
                  h = h.conv2d(in[1], SAME).mul(in[4]).add(h).relu();
                  Tensor shortcut = h.conv2d(in[3], Window2d.UNIT.stride(2, 2));
                  h = h.conv2d(in[2], half).relu().conv2d(in[5], SAME).add(shortcut).relu();
                  return List.of(h);
                })
            .gradient());
    return cases;
  }

  /** Normalization between convolutions, with a ReLU, and with a sum and a ReLU. */
  private static OpCase normalized(int channels, int side) {
    return OpCase.named("batch normalization of " + channels + " channels, side " + side)
        .by("x", Spec.f32(4, channels, side, side), Fill.normal(1))
        .by("first", Spec.f32(channels, channels, 3, 3), Fill.normal(0.2))
        .by("last", Spec.f32(channels, channels, 3, 3), Fill.normal(0.2))
        .by("scale", Spec.f32(channels), Fill.normal(1))
        .by("bias", Spec.f32(channels), Fill.normal(1))
        .program(
            (trace, in) -> {
              BatchNorm norm = new BatchNorm(1e-5);
              Tensor h = in[0].conv2d(in[1], SAME);
              h = trace.add(norm, h, in[3], in[4]).get(0).relu().conv2d(in[2], SAME);
              return List.of(trace.add(norm, h, in[3], in[4]).get(0).add(in[0]).relu());
            })
        .gradient();
  }

  /** Two convolutions, what is tried after each; gradients of everything. */
  private static OpCase block(String name, int channels, int groups, BinaryOperator<Tensor> after) {
    Window2d window = SAME.groups(groups);
    return OpCase.named(name + " after convolutions to " + channels + " channels")
        .by("x", Spec.f32(3, 16, 7, channels == 16 ? 8 : 5), Fill.normal(1))
        .by("first", Spec.f32(channels, 16 / groups, 3, 3), Fill.normal(0.2))
        .by("last", Spec.f32(channels, channels / groups, 3, 3), Fill.normal(0.2))
        .by("b", Spec.f32(channels, 1, 1), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor h = after.apply(in[0].conv2d(in[1], window), in[3]);
              return List.of(after.apply(h.conv2d(in[2], window), in[3]));
            })
        .gradient();
  }

  // ---- Which tapes are taken -------------------------------------------------------------------

  private static Tensor image(Trace trace, String name) {
    return trace.input(name, Spec.f32(2, 8, 6, 6));
  }

  private static Tensor kernel(Trace trace, String name, int side) {
    return trace.input(name, Spec.f32(8, 8, side, side));
  }

  private static List<String> order(Trace trace, Tensor... outputs) {
    for (int i = 0; i < outputs.length; i++) {
      trace.output("y" + i, outputs[i]);
    }
    Program simple = Simplify.apply(trace.build("test"));
    Program program = Epilogues.together(FuseElementwise.apply(simple, true, node -> false));
    return program.body().stream().map(node -> node.op().name()).toList();
  }

  @Test
  void theConvolutionMovesToItsTape() {
    Trace trace = new Trace();
    Tensor x = image(trace, "x");
    Tensor h = x.conv2d(kernel(trace, "w", 3), SAME);
    Tensor pooled = x.maxPool2d(2);
    assertEquals(List.of("max_pool2d", "conv2d", "fused"), order(trace, pooled, h.add(1).relu()));
  }

  @Test
  void ofTwoConvolutionsTheLastIsTaken() {
    Trace trace = new Trace();
    Tensor x = image(trace, "x");
    Tensor first = x.conv2d(kernel(trace, "w", 3), SAME);
    Tensor last = x.conv2d(kernel(trace, "v", 1), Window2d.UNIT);
    Tensor pooled = x.maxPool2d(2);
    assertEquals(
        List.of("conv2d", "max_pool2d", "conv2d", "fused"),
        order(trace, pooled, first.add(last).relu()));
  }

  @Test
  void aResultThatIsReadElsewhereIsStored() {
    Trace trace = new Trace();
    Tensor h = image(trace, "x").conv2d(kernel(trace, "w", 3), SAME);
    Tensor pooled = h.maxPool2d(2);
    assertEquals(List.of("conv2d", "max_pool2d", "fused"), order(trace, pooled, h.add(1).relu()));
  }

  /** Not across a node that reads the statistics of a normalization. */
  @Test
  void aNormalizationStaysBeforeWhatReadsItsStatistics() {
    Trace trace = new Trace();
    Tensor x = image(trace, "x");
    Tensor scale = trace.input("scale", Spec.f32(8));
    List<Tensor> outputs = trace.add(new BatchNorm(1e-5), x, scale, scale);
    Tensor mean = outputs.get(1).cumulativeSum(0);
    assertEquals(
        List.of("batch_norm", "cumulative_sum", "fused"),
        order(trace, mean, outputs.get(0).add(1).relu()));
  }

  /** Values for each image are no values for each channel. */
  @Test
  void otherOperandsStayApart() {
    Trace trace = new Trace();
    Tensor h = image(trace, "x").conv2d(kernel(trace, "w", 3), SAME);
    Tensor pooled = image(trace, "z").maxPool2d(2);
    Tensor weights = trace.input("weights", Spec.f32(2, 8, 1, 1));
    assertEquals(List.of("conv2d", "max_pool2d", "fused"), order(trace, pooled, h.mul(weights)));
  }

  /** An image that is updated by a convolution of itself cannot be overwritten while it is read. */
  @Test
  void aStateIsNotOverwrittenWhileItsNeighboursAreRead() {
    State image = State.zeros("image", Spec.f32(2, 8, 12, 12));
    OpCase automaton =
        OpCase.named("automaton")
            .steps(3)
            .state(image)
            .input("x", Spec.f32(2, 8, 12, 12), Fill.normal(1))
            .input("w", Spec.f32(8, 8, 3, 3), Fill.normal(0.2))
            .program(
                (t, in) -> {
                  Tensor next = t.state(image).conv2d(in[1], SAME).add(in[0]).relu();
                  t.update(image, next);
                  return List.of(next.sum());
                });
    for (Precision precision : Precision.values()) {
      check(automaton, precision);
    }
  }

  /** Every step belongs to a node, and the tape's to the node that computes it. */
  @Test
  void timesNameTheConvolution() {
    Trace trace = new Trace();
    Tensor h = image(trace, "x").conv2d(kernel(trace, "w", 3), SAME).add(1).relu();
    trace.output("y", h.conv2d(kernel(trace, "v", 1), Window2d.UNIT).sum());
    try (StateStore store = backend.allocate(List.of());
        Executable executable =
            backend.compile(List.of(trace.build("test")), store, Precision.BF16)) {
      List<String> names =
          executable
              .time(
                  HostTensor.zeros(Spec.f32(2, 8, 6, 6)),
                  HostTensor.zeros(Spec.f32(8, 8, 3, 3)),
                  HostTensor.zeros(Spec.f32(8, 8, 1, 1)))
              .stream()
              .map(time -> Objects.requireNonNull(time.node()).op().name())
              .sorted()
              .toList();
      // All operands are cast to bf16 together.
      assertEquals(List.of("conv2d", "conv2d", "fused", "reduce_sum"), names);
    }
  }

  @Test
  void kernelsAreFewer() {
    assumeFalse(CudaDevice.isReal(), "skipped: only the emulator counts launches");
    OpCase opCase = block("bias and relu", 16, 1, (h, b) -> h.add(b).relu());
    EmulatorStats before = EmulatorStats.now();
    CaseRun.of(backend, opCase, Precision.BF16);
    long together = EmulatorStats.now().since(before).kernelsRun();
    before = EmulatorStats.now();
    apart(opCase, Precision.BF16);
    assertEquals(3, EmulatorStats.now().since(before).kernelsRun() - together);
  }
}
