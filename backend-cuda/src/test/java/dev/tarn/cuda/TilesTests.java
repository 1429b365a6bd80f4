package dev.tarn.cuda;

import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.ir.BatchNorm;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.Fill;
import dev.tarn.testkit.OpCase;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** The tiles among which a device's fastest is chosen: each gives the bits of the first. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TilesTests {
  /** There are no more beside the first for any convolution. */
  private static final int MOST = 3;

  @AutoClose private final Backend backend = CudaDevice.open();

  /** Few channels, so many that tiles are not full, and groups of them. */
  @TestFactory
  Stream<DynamicTest> giveTheSameBits() {
    return CaseChecks.of(cases(), List.of(Precision.values()), this::check);
  }

  private static List<OpCase> cases() {
    List<OpCase> cases = new ArrayList<>(wide());
    cases.add(convolution(16, 16, 1));
    cases.add(convolution(24, 40, 1));
    cases.add(convolution(48, 144, 2));
    cases.add(normalized(24));
    cases.add(normalized(72));
    return cases;
  }

  /** Those with the tile of 128 channels. */
  static List<OpCase> wide() {
    return List.of(convolution(136, 144, 1), normalized(136));
  }

  private void check(OpCase opCase, Precision precision) {
    CaseRun first = CaseChecks.checked(backend, opCase, precision);
    for (int i = 1; i <= MOST; i++) {
      CaseChecks.with(Tuner.PROPERTY, String.valueOf(i), backend, opCase, precision)
          .assertSameBits(first);
    }
  }

  private static OpCase convolution(int from, int to, int groups) {
    return OpCase.named("from " + from + " to " + to + " channels in groups: " + groups)
        .by("x", Spec.f32(2, from, 9, 11), Fill.normal(1))
        .by("w", Spec.f32(to, from / groups, 3, 3), Fill.normal(0.1))
        .program(
            (trace, in) ->
                List.of(
                    in[0].conv2d(in[1], Window2d.UNIT.padding(1, 1, 1, 1).groups(groups)).tanh()))
        .gradient();
  }

  /** Convolutions that sum for batch normalizations and their gradients. */
  private static OpCase normalized(int channels) {
    return OpCase.named("to " + channels + " channels, normalized")
        // The gradients of a normalization are small differences of large sums.
        .within(3e-4)
        .by("x", Spec.f32(4, 16, 9, 11), Fill.normal(1))
        .by("v", Spec.f32(channels, 16, 3, 3), Fill.normal(0.1))
        .by("w", Spec.f32(channels, channels, 3, 3), Fill.normal(0.05))
        .by("scale", Spec.f32(channels), Fill.normal(1))
        .by("bias", Spec.f32(channels), Fill.normal(1))
        .program(
            (trace, in) -> {
              BatchNorm norm = new BatchNorm(1e-5);
              Window2d same = Window2d.UNIT.padding(1, 1, 1, 1);
              Tensor h = trace.add(norm, in[0].conv2d(in[1], same), in[3], in[4]).get(0).sigmoid();
              h = h.conv2d(in[2], same);
              return List.of(trace.add(norm, h, in[3], in[4]).get(0).tanh());
            })
        .gradient();
  }
}
