package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.DType;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.ir.Elementwise.Kind;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Origin;
import dev.tarn.ir.Reduce;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.Fill;
import dev.tarn.testkit.OpCase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Sums that tapes take: the reference's results, twice the same, from fewer kernels. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TapeSumsTests {
  private static final Window2d SAME = Window2d.UNIT.padding(1, 1, 1, 1);

  @AutoClose private final Backend backend = CudaDevice.open();

  @TestFactory
  Stream<DynamicTest> agreeWithTheReference() {
    return CaseChecks.of(cases(), List.of(Precision.values()), this::check);
  }

  private void check(OpCase opCase, Precision precision) {
    CaseRun actual = CaseChecks.checked(backend, opCase, precision);
    CaseRun.of(backend, opCase, precision).assertSameBits(actual);
  }

  private static List<OpCase> cases() {
    List<OpCase> cases = new ArrayList<>();
    int[][] shapes = {{64, 512}, {7, 16}, {1, 8}, {2, 4096}, {600, 20}, {1030, 8}, {3000, 40}};
    for (int[] shape : shapes) {
      cases.add(ofColumns(shape[0], shape[1]));
    }
    for (int columns : new int[] {8, 33, 784, 5000}) {
      cases.add(ofRows(5, columns));
    }
    cases.add(dense());
    for (int channels : new int[] {16, 5}) {
      cases.add(images(channels, 8));
      cases.add(images(channels, 6));
    }
    cases.add(overItsOperand());
    return cases;
  }

  /** Sums of a result that is stored, and of one that is not. */
  private static OpCase ofColumns(int rows, int columns) {
    return OpCase.named("columns of [" + rows + "," + columns + "]")
        .input("x", Spec.f32(rows, columns), Fill.normal(0.2))
        .input("row", Spec.f32(columns), Fill.normal(1))
        .input("column", Spec.f32(rows, 1), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor stored = in[0].mul(in[1]).relu();
              Tensor alone = in[0].mul(in[2]).sub(0.5);
              return List.of(stored, stored.sum(0).mul(0.01), alone.sum(0).mul(0.01));
            });
  }

  private static OpCase ofRows(int rows, int columns) {
    return OpCase.named("rows of [" + rows + "," + columns + "]")
        .input("x", Spec.f32(rows, columns), Fill.normal(0.2))
        .input("row", Spec.f32(columns), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor stored = in[0].mul(in[1]).relu();
              Tensor square = in[0].mul(in[0]);
              return List.of(stored, stored.sum(1).mul(0.01), square.sum().mul(0.001));
            });
  }

  /** Gradients of biases, in bf16 also of a result that is short. */
  private static OpCase dense() {
    return OpCase.named("gradients of biases")
        .by("x", Spec.f32(48, 24), Fill.normal(1))
        .by("first", Spec.f32(32, 24), Fill.normal(0.2))
        .by("bias", Spec.f32(32), Fill.normal(0.2))
        .by("last", Spec.f32(16, 32), Fill.normal(0.2))
        .program(
            (trace, in) -> {
              Tensor h = in[0].matmul(in[1], false, true).add(in[2]).relu();
              return List.of(h.matmul(in[3], false, true).add(1).relu());
            })
        .gradient();
  }

  /** A bias before a pooling, whose gradient is a tape: channels first and last. */
  private static OpCase images(int channels, int side) {
    return OpCase.named("gradients of biases of " + channels + " channels, side " + side)
        .by("x", Spec.f32(3, 4, side, side), Fill.normal(1))
        .by("first", Spec.f32(channels, 4, 3, 3), Fill.normal(0.2))
        .by("bias", Spec.f32(channels, 1, 1), Fill.normal(0.2))
        .by("last", Spec.f32(8, channels, 3, 3), Fill.normal(0.2))
        .program(
            (trace, in) -> {
              Tensor h = in[0].conv2d(in[1], SAME).add(in[2]).relu().maxPool2d(2);
              return List.of(h.conv2d(in[3], SAME));
            })
        .gradient();
  }

  /** What the tape of other rows still reads is not overwritten by the sum. */
  private static OpCase overItsOperand() {
    State state = State.zeros("s", Spec.f32(256));
    return OpCase.named("sums over an operand")
        .steps(3)
        .state(state)
        .input("x", Spec.f32(64, 256), Fill.normal(0.1))
        .program(
            (trace, in) -> {
              Tensor y = trace.state(state).add(1).mul(in[0]);
              trace.update(state, y.sum(0).reshape(256));
              return List.of(y);
            });
  }

  @Test
  void howSumsAreTaken() {
    TapeSum bias = TapeSum.of(Shape.of(64, 512), List.of(0), 4);
    assertNotNull(bias);
    assertTrue(bias.isWhole() && bias.columns());
    assertEquals(16, bias.blocks(4));
    TapeSum image = TapeSum.of(Shape.of(64, 32, 28, 28), List.of(0, 2, 3), 4);
    assertNotNull(image);
    assertEquals(Shape.of(64, 32, 1), image.rest());
    assertEquals(List.of(0), image.axes());
    TapeSum last = TapeSum.of(Shape.of(64, 28, 28, 32), List.of(0, 1, 2), 4);
    assertNotNull(last);
    assertTrue(last.columns() && last.chunks() > 100);
    assertNull(TapeSum.of(Shape.of(64, 10), List.of(0), 4), "rows are no whole accesses");
    assertNull(TapeSum.of(Shape.of(4, 8, 16), List.of(1), 4), "kept axes on both sides");
  }

  /** The mask of a ReLU's gradient with its sum, stored and not. */
  private static String kernel(DType type, Shape shape, List<Integer> axes, boolean stored) {
    Fused tape =
        new Fused(
            shape,
            List.of(
                new Fused.Load(0),
                new Fused.Immediate(0),
                new Fused.Apply(Kind.GREATER, List.of(0, 1)),
                new Fused.Load(1),
                new Fused.Apply(Kind.SELECT, List.of(2, 3, 1))),
            List.of(4),
            List.of(type));
    Spec spec = new Spec(type, shape);
    List<Spec> inputs = List.of(spec, spec);
    TapeSum how = TapeSum.of(shape, axes, TapeCompiler.width(tape, inputs));
    assertNotNull(how);
    Node node = new Node(new Reduce(Reduce.Kind.SUM, axes), List.of(), List.of(), Origin.NONE);
    TapeSums.Sum sum = new TapeSums.Sum(node, 0, stored, how);
    return TapeCompiler.compile(tape, inputs, false, sum).text();
  }

  @Test
  void nvccCompilesTheKernels(@TempDir Path directory) throws Exception {
    StringBuilder text = new StringBuilder(TapeSource.PREAMBLE);
    for (DType type : List.of(DType.F32, DType.BF16)) {
      for (boolean stored : new boolean[] {true, false}) {
        text.append(kernel(type, Shape.of(64, 512), List.of(0), stored));
        text.append(kernel(type, Shape.of(64, 512), List.of(1), stored));
      }
    }
    Nvcc.compile(directory, text.toString(), Map.of());
  }

  @Test
  void kernelsAreFewer() {
    assumeFalse(CudaDevice.isReal(), "skipped: only the emulator counts launches");
    assertEquals(1, saved(dense(), Precision.FP32));
    assertEquals(1, saved(images(16, 8), Precision.TF32));
    assertEquals(2, saved(ofColumns(64, 512), Precision.FP32));
    assertEquals(0, saved(ofRows(5, 33), Precision.FP32));
  }

  private long saved(OpCase opCase, Precision precision) {
    EmulatorStats before = EmulatorStats.now();
    CaseRun.of(backend, opCase, precision);
    long together = EmulatorStats.now().since(before).kernelsRun();
    before = EmulatorStats.now();
    System.setProperty(TapeSums.PROPERTY, "false");
    try {
      CaseRun.of(backend, opCase, precision);
    } finally {
      System.clearProperty(TapeSums.PROPERTY);
    }
    return EmulatorStats.now().since(before).kernelsRun() - together;
  }
}
