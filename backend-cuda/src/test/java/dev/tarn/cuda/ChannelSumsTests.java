package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Conv2dGradInput;
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

/** Convolutions that compute sums of their results for a batch normalization or its gradient. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChannelSumsTests {
  private static final Window2d SAME = Window2d.UNIT.padding(1, 1, 1, 1);
  private static final List<Precision> SHORT = List.of(Precision.TF32, Precision.BF16);

  /** What the order of sums in f32 makes of a result. */
  private static final double CLOSE = 3e-5;

  @AutoClose private final Backend backend = CudaDevice.open();
  @AutoClose private final Backend reference = new ReferenceBackend();

  private CaseRun apart(OpCase opCase, Precision precision) {
    return CaseChecks.with(Epilogues.PROPERTY, "false", backend, opCase, precision);
  }

  @TestFactory
  Stream<DynamicTest> areThoseOfTheReferenceAndOfKernelsApart() {
    return SHORT.stream()
        .flatMap(precision -> CaseChecks.of(cases(precision), List.of(precision), this::check));
  }

  private void check(OpCase opCase, Precision precision) {
    CaseRun.assertAgrees(backend, reference, opCase, precision, CLOSE);
    CaseRun.of(backend, opCase, precision).assertClose(apart(opCase, precision), CLOSE);
  }

  private static List<OpCase> cases(Precision precision) {
    List<OpCase> cases = new ArrayList<>();
    Fill small = Fill.cycle(1, -2, 0, 2, -1, 1, 2);
    // Fewer pixels than a warp's and than a tile's; tiles of channels that end early.
    cases.add(
        statistics(precision, small, Shape.of(1, 8, 2, 3), Shape.of(8, 8, 1, 1), Window2d.UNIT));
    cases.add(statistics(precision, small, Shape.of(2, 16, 7, 7), Shape.of(24, 16, 3, 3), SAME));
    cases.add(
        statistics(
            precision, small, Shape.of(3, 8, 15, 9), Shape.of(72, 8, 3, 3), SAME.stride(2, 2)));
    cases.add(
        statistics(precision, small, Shape.of(3, 16, 9, 9), Shape.of(48, 8, 3, 3), SAME.groups(2)));
    cases.add(
        statistics(
            precision, small, Shape.of(3, 16, 9, 9), Shape.of(144, 8, 1, 1), SAME.groups(2)));
    // Parts of the tiles are combined first.
    cases.add(
        statistics(precision, small, Shape.of(5, 8, 64, 65), Shape.of(16, 8, 1, 1), Window2d.UNIT));
    // A mean of 10000 and a spread of 0.2.
    int plane = 40 * 40;
    Fill large =
        Fill.each((i, random) -> i / plane % 8 == 0 ? 10_000 : (random.nextInt(17) - 8) / 64.0);
    cases.add(
        statistics(precision, large, Shape.of(2, 8, 40, 40), Shape.of(24, 8, 1, 1), Window2d.UNIT));
    return cases;
  }

  /**
   * Mean, variance, and in tf32, where it is not rounded, the normalized image. Sums of small
   * integers, so that what is stored does not depend on the order of sums.
   */
  private static OpCase statistics(
      Precision precision, Fill x, Shape image, Shape kernel, Window2d window) {
    Fill w = Fill.each((i, random) -> i % 8 == 0 ? 1 : random.nextInt(3) - 1);
    return OpCase.named(kernel + " on " + image)
        .steps(2)
        .input("x", Spec.f32(image), x)
        .input("w", Spec.f32(kernel), w)
        .input("scale", Spec.f32(kernel.dim(0)), Fill.awayFromZero())
        .input("bias", Spec.f32(kernel.dim(0)), Fill.normal(1))
        .program(
            (trace, in) ->
                trace
                    .add(new BatchNorm(1e-5), in[0].conv2d(in[1], window), in[2], in[3])
                    .subList(precision == Precision.TF32 ? 0 : 1, 3));
  }

  @TestFactory
  Stream<DynamicTest> ofGradientsToo() {
    return SHORT.stream()
        .flatMap(
            precision ->
                gradients(precision).stream()
                    .map(
                        opCase ->
                            DynamicTest.dynamicTest(
                                precision + " " + opCase.name(), () -> check(opCase, precision))));
  }

  private static List<OpCase> gradients(Precision precision) {
    List<OpCase> cases = new ArrayList<>();
    for (boolean tape : new boolean[] {false, true}) {
      cases.add(
          gradient(precision, tape, Shape.of(1, 8, 2, 3), Shape.of(8, 8, 1, 1), Window2d.UNIT));
      cases.add(gradient(precision, tape, Shape.of(2, 24, 7, 7), Shape.of(16, 24, 3, 3), SAME));
      cases.add(gradient(precision, tape, Shape.of(2, 72, 9, 9), Shape.of(8, 72, 3, 3), SAME));
      cases.add(
          gradient(precision, tape, Shape.of(3, 48, 9, 9), Shape.of(16, 24, 3, 3), SAME.groups(2)));
    }
    // Parts of the tiles are combined first; a stride, where a kernel sums.
    cases.add(
        gradient(precision, true, Shape.of(5, 16, 64, 65), Shape.of(8, 16, 1, 1), Window2d.UNIT));
    Window2d half = SAME.stride(2, 2);
    cases.add(gradient(precision, true, Shape.of(2, 24, 8, 8), Shape.of(16, 24, 3, 3), half));
    return cases;
  }

  /**
   * The gradients by scale and bias, and in tf32 by the image, where the gradient by the normalized
   * image is that of a convolution, with a tape after it or not.
   */
  private static OpCase gradient(
      Precision precision, boolean tape, Shape image, Shape kernel, Window2d window) {
    int channels = image.dim(1);
    int rows = window.outRows(image.dim(2), kernel.dim(2));
    int columns = window.outColumns(image.dim(3), kernel.dim(3));
    Fill small = Fill.cycle(1, -2, 0, 2, -1, 1, 2);
    Fill w = Fill.each((i, random) -> random.nextInt(3) - 1);
    return OpCase.named((tape ? "tape and " : "") + kernel + " back to " + image)
        .steps(2)
        .input("z", Spec.f32(image.dim(0), 8, image.dim(2), image.dim(3)), small)
        .input("v", Spec.f32(channels, 8, 1, 1), w)
        .input("dy", Spec.f32(image.dim(0), kernel.dim(0), rows, columns), small)
        .input("w", Spec.f32(kernel), w)
        .input("scale", Spec.f32(channels), Fill.awayFromZero())
        .input("mean", Spec.f32(channels), Fill.normal(0.5))
        .input("variance", Spec.f32(channels), Fill.uniform(1, 2))
        .program(
            (trace, in) -> {
              Tensor x = in[0].conv2d(in[1], Window2d.UNIT);
              Conv2dGradInput back = new Conv2dGradInput(window, image.dim(2), image.dim(3));
              Tensor dy = trace.add(back, in[2], in[3]).get(0);
              dy = tape ? dy.mul(x.relu()) : dy;
              BatchNormGrad norm = new BatchNormGrad(1e-5);
              return trace
                  .add(norm, x, in[4], in[5], in[6], dy)
                  .subList(precision == Precision.TF32 ? 0 : 1, 3);
            });
  }

  /** Tiles of 64 and of 128 channels, of which the last is not full; parts are combined first. */
  @TestFactory
  Stream<DynamicTest> ofEachTileOfManyChannels() {
    Shape pixels = Shape.of(1, 8, 65, 66);
    Shape kernel = Shape.of(136, 8, 1, 1);
    return SHORT.stream()
        .flatMap(
            precision ->
                CaseChecks.of(
                    List.of(
                        statistics(precision, Fill.cycle(1, -2, 0), pixels, kernel, Window2d.UNIT),
                        gradient(
                            precision,
                            true,
                            Shape.of(1, 136, 65, 66),
                            Shape.of(8, 136, 1, 1),
                            Window2d.UNIT)),
                    List.of(precision),
                    this::checkTiles));
  }

  private void checkTiles(OpCase opCase, Precision precision) {
    CaseRun expected = CaseRun.of(reference, opCase, precision);
    for (String tile : List.of("0", "1")) {
      CaseChecks.with(Tuner.PROPERTY, tile, backend, opCase, precision)
          .assertClose(expected, CLOSE);
    }
  }

  // ---- Which convolutions ----------------------------------------------------------------------

  /** What is done with a convolution's result. */
  private interface After {
    List<Tensor> record(Trace trace, Tensor h, Tensor scale);
  }

  private static OpCase after(String name, int channels, After after) {
    return OpCase.named(name)
        .steps(3)
        .by("x", Spec.f32(3, 8, 9, 9), Fill.normal(1))
        .by("w", Spec.f32(channels, 8, 3, 3), Fill.normal(0.2))
        .by("scale", Spec.f32(channels), Fill.awayFromZero())
        .program((trace, in) -> after.record(trace, in[0].conv2d(in[1], SAME), in[2]));
  }

  private static Tensor norm(Trace trace, Tensor h, Tensor scale, double epsilon) {
    return trace.add(new BatchNorm(epsilon), h, scale, scale).get(0);
  }

  private static List<OpCase> readings() {
    return List.of(
        after("a tape after", 24, (t, h, scale) -> List.of(norm(t, h, scale, 1e-5).relu())),
        after(
            "another reader, before",
            24,
            (t, h, scale) -> {
              Tensor pooled = h.maxPool2d(2);
              return List.of(pooled, norm(t, h, scale, 1e-5).relu());
            }),
        after(
            "a tape that reads both",
            24,
            (t, h, scale) -> List.of(h, norm(t, h, scale, 1e-5).mul(h).relu())),
        after(
            "two normalizations",
            24,
            (t, h, scale) -> List.of(norm(t, h, scale, 1e-5), norm(t, h, scale, 1))),
        after(
            "a scale that is computed later",
            24,
            (t, h, scale) -> {
              Tensor mean = h.mean(0, 2, 3);
              return List.of(norm(t, h, mean.add(scale), 1e-5));
            }),
        after(
            "a tape between", 24, (t, h, scale) -> List.of(norm(t, h.mul(2).tanh(), scale, 1e-5))),
        after("single channels", 20, (t, h, scale) -> List.of(norm(t, h, scale, 1e-5))));
  }

  @TestFactory
  Stream<DynamicTest> readersGetWhatTheyGetOfTheReference() {
    Stream<OpCase> gradients = readings().stream().map(OpCase::gradient);
    return CaseChecks.of(
        Stream.concat(readings().stream(), gradients).toList(),
        SHORT,
        (opCase, precision) -> CaseRun.assertAgrees(backend, reference, opCase, precision, 2e-2));
  }

  private long kernels(OpCase opCase, Precision precision) {
    EmulatorStats before = EmulatorStats.now();
    CaseRun.of(backend, opCase.steps(1), precision);
    return EmulatorStats.now().since(before).kernelsRun();
  }

  private long kernelsApart(OpCase opCase, Precision precision) {
    EmulatorStats before = EmulatorStats.now();
    apart(opCase.steps(1), precision);
    return EmulatorStats.now().since(before).kernelsRun();
  }

  @Test
  void aKernelIsSaved() {
    assumeFalse(CudaDevice.isReal(), "skipped: only the emulator counts launches");
    OpCase plain = after("", 24, (t, h, scale) -> List.of(h.maxPool2d(2), norm(t, h, scale, 1e-5)));
    OpCase without = after("", 24, (t, h, scale) -> List.of(h.maxPool2d(2)));
    OpCase between = after("", 24, (t, h, scale) -> List.of(norm(t, h.mul(2).tanh(), scale, 1e-5)));
    OpCase tape = after("", 24, (t, h, scale) -> List.of(h.mul(2).tanh()));
    for (Precision precision : SHORT) {
      // Besides, the result is brought into plain order.
      assertEquals(2, kernels(plain, precision) - kernels(without, precision), precision + "");
      assertEquals(2, kernels(between, precision) - kernels(tape, precision), precision + "");
      for (boolean with : new boolean[] {false, true}) {
        OpCase back =
            gradient(precision, with, Shape.of(2, 24, 7, 7), Shape.of(16, 24, 3, 3), SAME);
        long saved = kernelsApart(back, precision) - kernels(back, precision);
        assertEquals(with ? 2 : 1, saved, precision + "");
      }
    }
  }
}
