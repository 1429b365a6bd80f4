package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.backend.Backend;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.Fill;
import dev.tarn.testkit.OpCase;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Batch normalization of rows of channels, whose last block combines what all blocks found. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BatchNormalizationTests {
  @AutoClose private final Backend backend = CudaDevice.open();
  @AutoClose private final Backend reference = ReferenceBackend.inDouble();

  @TestFactory
  Stream<DynamicTest> agreesWithTheReferenceInDouble() {
    // One block and many, of which parts are combined first; whole accesses and single elements;
    // channels that end within a block.
    return Stream.of(
            rows(1, 8, 0, 1),
            rows(5, 40, 0, 1),
            rows(3000, 24, 0, 1),
            rows(2000, 7, 0, 1),
            rows(60_000, 32, 0, 1),
            rows(9000, 36, 1e4, 0.1),
            rows(50_000, 33, -1e4, 0.1))
        .map(
            opCase ->
                DynamicTest.dynamicTest(
                    opCase.name(),
                    () ->
                        CaseRun.assertAgrees(
                            backend, reference, opCase, Precision.FP32, opCase.tolerance())));
  }

  /**
   * The results of two runs of an executable, and the gradients, which are less exact around a
   * large mean: that is an operand in f32.
   */
  private static OpCase rows(int rows, int channels, double mean, double deviation) {
    Fill x = Fill.each((i, random) -> mean + deviation * random.nextGaussian());
    return OpCase.named(rows + " rows of " + channels + " channels around " + mean)
        .within(1e-4)
        .steps(2)
        .input("x", Spec.f32(rows, channels), x)
        .input("scale", Spec.f32(channels), Fill.awayFromZero())
        .input("bias", Spec.f32(channels), Fill.normal(1))
        .input("dy", Spec.f32(rows, channels), Fill.normal(0.02))
        .program(
            (trace, in) -> {
              List<Tensor> y = trace.add(new BatchNorm(1e-5), in[0], in[1], in[2]);
              List<Tensor> out = new ArrayList<>(y);
              if (mean == 0) {
                out.addAll(
                    trace.add(new BatchNormGrad(1e-5), in[0], in[1], y.get(1), y.get(2), in[3]));
              }
              return out;
            });
  }

  @Test
  void eachWayTakesTwoKernels() {
    assumeFalse(CudaDevice.isReal(), "skipped: only the emulator counts launches");
    EmulatorStats before = EmulatorStats.now();
    CaseRun.of(backend, rows(3000, 24, 0, 1).steps(1));
    assertEquals(4, EmulatorStats.now().since(before).kernelsRun());
  }
}
