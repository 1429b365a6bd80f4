package dev.tarn.testkit;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Cases of casts between element types. */
final class CastCases {
  /**
   * Half the distance of neighbouring bf16 numbers, relative to them; the exact one has no bf16.
   */
  private static final double BF16 = 1.0 / 256;

  private static final int[] SIZES = {0, 1, 3, 17, 33, 257};

  private CastCases() {}

  static List<OpCase> all() {
    return List.of(toBf16AndBack(), bf16Between(), ties(), toInts(), fromInts());
  }

  private static OpCase toBf16AndBack() {
    OpCase c = OpCase.named("cast to bf16 and back").within(BF16);
    for (int n : SIZES) {
      c.by("x" + n, Spec.f32(n), Fill.normal(1));
    }
    return c.program((trace, in) -> Arrays.stream(in).map(CastCases::throughBf16).toList());
  }

  private static Tensor throughBf16(Tensor x) {
    return x.cast(DType.BF16).cast(DType.F32);
  }

  /** bf16 values that are moved, broadcast, computed with, and given out as they are. */
  private static OpCase bf16Between() {
    return OpCase.named("bf16 values between others")
        .by("x", Spec.f32(5, 33), Fill.normal(1))
        .by("row", Spec.f32(33), Fill.normal(1))
        .within(4 * BF16)
        .program(
            (trace, in) -> {
              Tensor x = in[0].cast(DType.BF16);
              Tensor row = in[1].cast(DType.BF16);
              Tensor moved = x.transpose(1, 0).reshape(3, 55);
              return List.of(x, x.mul(row).add(in[0]), moved.neg(), row.broadcastTo(x.shape()));
            });
  }

  /** Halfway between two bf16 numbers the even one is taken; infinities and NaN stay. */
  private static OpCase ties() {
    float step = 1f / 128;
    double[] x = {
      1 + step / 2,
      1 + 3 * step / 2,
      -1 - step / 2,
      1 + step / 2 + 1e-7,
      1 + step / 2 - 1e-7,
      0,
      -0.0,
      Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY,
      Double.NaN,
      3.14159274
    };
    float[] y = {
      1,
      1 + 2 * step,
      -1,
      1 + step,
      1,
      0,
      -0f,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN,
      3.140625f
    };
    return OpCase.named("cast to bf16 of ties and specials")
        .input("x", Spec.f32(x.length), Fill.cycle(x))
        .within(BF16)
        .exactly(in -> List.of(HostTensor.of(y, y.length)))
        .program((trace, in) -> List.of(throughBf16(in[0])));
  }

  private static OpCase toInts() {
    double[] x = {0, -0.9, 0.9, 1.5, -2.5, 16777216, 2.2e9, -2.2e9, 1 / 0.0, -1 / 0.0, Double.NaN};
    int most = Integer.MAX_VALUE;
    int least = Integer.MIN_VALUE;
    int[] y = {0, 0, 0, 1, -2, 16777216, most, least, most, least, 0};
    int n = 257;
    int[] expected = IntStream.range(0, n).map(i -> y[i % y.length]).toArray();
    return OpCase.named("cast to i32")
        .input("x", Spec.f32(n), Fill.cycle(x))
        .exactly(in -> List.of(HostTensor.of(expected, n)))
        .program((trace, in) -> List.of(in[0].cast(DType.I32)));
  }

  private static OpCase fromInts() {
    OpCase c = OpCase.named("cast from i32");
    for (int n : SIZES) {
      c.input("x" + n, Spec.i32(n), Fill.bits());
    }
    return c.exactly(in -> in.stream().map(CastCases::floats).toList())
        .program(
            (trace, in) -> {
              List<Tensor> out = new ArrayList<>();
              for (Tensor x : in) {
                out.add(x.cast(DType.F32));
              }
              return out;
            });
  }

  private static HostTensor floats(HostTensor ints) {
    float[] out = new float[ints.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = ints.ints()[i];
    }
    return HostTensor.of(out, out.length);
  }
}
