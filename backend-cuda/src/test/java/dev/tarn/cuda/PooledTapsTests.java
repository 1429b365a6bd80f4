package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.PoolWindow;
import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import dev.tarn.testkit.Fill;
import dev.tarn.testkit.OpCase;
import dev.tarn.transform.Gradient;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Where the maxima of windows were, for the gradient. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PooledTapsTests {
  @AutoClose private final CudaBackend backend = (CudaBackend) CudaDevice.open();

  /** Numbers of one byte, of two, and of four; of planes, and with channels last. */
  @TestFactory
  Stream<DynamicTest> agreeWithTheReference() {
    List<OpCase> cases = IntStream.of(2, 16, 17, 257).mapToObj(PooledTapsTests::windowsOf).toList();
    return CaseChecks.of(
        cases,
        List.of(Precision.FP32, Precision.TF32),
        (opCase, precision) -> CaseChecks.checked(backend, opCase, precision));
  }

  private static OpCase windowsOf(int side) {
    PoolWindow window = PoolWindow.of(side).stride(1, side).padding(1, 0, 1, 1);
    return OpCase.named("windows of side " + side)
        .by("x", Spec.f32(2, 8, side + 1, side + 3), Fill.normal(1))
        .by("w", Spec.f32(8, 8, 1, 1), Fill.normal(0.3))
        .program((trace, in) -> List.of(in[0].conv2d(in[1], Window2d.UNIT).maxPool2d(window)))
        .gradient();
  }

  private List<String> poolings(boolean withResult) {
    try (CheckProgram program =
        new CheckProgram(
            backend,
            Precision.FP32,
            builder -> {
              Tensor x = builder.operand(2, 3, 8, 8);
              Tensor y = x.maxPool2d(2);
              Gradient.of(y.sum(), List.of(x)).forEach(builder::output);
              if (withResult) {
                builder.output(y.relu());
              }
            })) {
      return program.plan().schedule().entries().stream()
          .map(entry -> entry.step().name())
          .filter(name -> name.startsWith("max_pool2d"))
          .toList();
    }
  }

  @Test
  void theMaximumTellsTheGradient() {
    assertEquals(List.of("max_pool2d", "max_pool2d_grad"), poolings(true));
  }

  /** What nothing reads but the gradient, is not in the program. */
  @Test
  void withoutTheMaximumTheGradientFindsIt() {
    assertEquals(List.of("max_pool2d", "max_pool2d_grad"), poolings(false));
  }
}
