package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.backend.Backend;
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

/** Softmax and its cross-entropy where rows change from one way of sharing them to another. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SoftmaxRowsTests {
  private static final double MINUS = Double.NEGATIVE_INFINITY;

  @AutoClose private final Backend backend = CudaDevice.open();
  @AutoClose private final Backend reference = ReferenceBackend.inDouble();

  @Test
  void everyRowIsHeldOrReadAgain() {
    for (int columns = 1; columns <= 40_000; columns++) {
      SoftmaxRows rows = SoftmaxRows.of(columns);
      String what = columns + " columns: " + rows;
      assertEquals(0, columns % rows.width(), what);
      assertEquals(rows.block(), rows.rows() * rows.lanes(), what);
      long together = (long) rows.width() * rows.lanes() * rows.held();
      assertTrue(columns > 16_384 ? together == 0 : together >= columns, what);
      assertTrue(rows.width() * rows.held() <= (rows.lanes() > 32 ? 16 : 32), what);
    }
    assertEquals(new SoftmaxRows(1, 4, 4), SoftmaxRows.of(10));
    assertEquals(new SoftmaxRows(4, 32, 8), SoftmaxRows.of(1000));
    assertEquals(new SoftmaxRows(4, 256, 4), SoftmaxRows.of(4096));
    assertEquals(new SoftmaxRows(1, 1024, 0), SoftmaxRows.of(50_257));
  }

  @TestFactory
  Stream<DynamicTest> agreeWithTheReference() {
    return cases().stream()
        .flatMap(opCase -> Stream.of(opCase, opCase.gradient()))
        .map(
            opCase ->
                DynamicTest.dynamicTest(
                    opCase.name(),
                    () ->
                        CaseRun.assertAgrees(
                            backend, reference, opCase, Precision.FP32, opCase.tolerance())));
  }

  private static List<OpCase> cases() {
    List<OpCase> cases = new ArrayList<>();
    // Rows of a thread and of some threads of a warp, the last warp and block with a rest.
    int[][] sizes = {
      {300, 1},
      {70, 2},
      {300, 4},
      {70, 10},
      {70, 16},
      {37, 24},
      {9, 60},
      {9, 100},
      {3, 511},
      {9, 1000},
      {9, 1023},
      {9, 1024},
      {3, 1025},
      {2, 1028},
      {2, 4096},
      {2, 4097},
      {2, 8196},
      {2, 8191},
      {2, 16_384},
      {2, 16_383},
      {3, 16_385},
      {3, 20_000},
      {2, 40_001}
    };
    for (int[] size : sizes) {
      cases.add(softmax("random numbers", size[0], size[1], Fill.normal(3)));
    }
    // What a thread meets first is the smallest, or nothing but minus infinity.
    cases.add(softmax("a ramp", 2, 33_000, Fill.each((i, random) -> i % 33_000 * 1e-3)));
    cases.add(
        softmax("gaps", 2, 20_000, Fill.each((i, random) -> i % 4096 < 2500 ? MINUS : i % 7)));
    cases.add(
        softmax(
            "a late number", 2, 20_001, Fill.each((i, random) -> i % 20_001 < 20_000 ? MINUS : 1)));
    cases.add(softmax("infinity", 2, 20_000, Fill.each((i, random) -> i == 7 ? -MINUS : i % 5)));
    cases.add(
        softmax("no number", 2, 20_000, Fill.each((i, random) -> i < 20_000 ? MINUS : i % 5)));
    cases.add(
        softmax("one NaN", 3, 20_000, Fill.each((i, random) -> i == 19_999 ? Double.NaN : i % 5)));
    return cases;
  }

  private static OpCase softmax(String of, int rows, int columns, Fill logits) {
    return OpCase.named("softmax of " + of + ", [" + rows + "," + columns + "]")
        .within(1e-4)
        .by("x", Spec.f32(rows, columns), logits)
        .input("labels", Spec.i32(rows), Fill.below(columns))
        .program(
            (trace, in) ->
                List.of(in[0].softmax(), in[0].logSoftmax(), in[0].softmaxCrossEntropy(in[1])));
  }
}
