package dev.tarn.testkit;

import dev.tarn.PoolWindow;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Pooling at awkward extents, strides and paddings, with ties and NaN; upsampling. */
final class PoolingCases {
  private PoolingCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    both(cases, PoolWindow.of(2), 2, 3, 8, 6);
    both(cases, PoolWindow.of(2), 1, 1, 5, 7);
    both(cases, PoolWindow.of(1), 1, 2, 3, 1);
    both(cases, PoolWindow.of(3).stride(2).padding(1), 3, 5, 17, 13);
    both(cases, PoolWindow.of(3).stride(1).padding(1), 1, 2, 3, 33);
    both(cases, PoolWindow.of(3).stride(2).ceilMode(), 2, 2, 8, 7);
    both(cases, PoolWindow.of(2).stride(3).padding(1).ceilMode(), 1, 2, 4, 5);
    both(cases, PoolWindow.of(2, 3).stride(1, 2).padding(0, 1, 2, 0), 2, 1, 4, 9);
    both(cases, PoolWindow.of(5, 1).stride(7, 3), 1, 3, 12, 4);
    both(cases, PoolWindow.of(7).padding(6).stride(4), 1, 2, 1, 2);
    both(cases, PoolWindow.of(2), 1, 1, 257, 67);
    both(cases, PoolWindow.of(48), 2, 2, 48, 48);
    cases.add(max("ties", PoolWindow.of(3).stride(1).padding(1), Fill.grid(0), 2, 3, 9, 11));
    cases.add(max("equal elements", PoolWindow.of(3).stride(2), Fill.cycle(1), 1, 2, 7, 7));
    double nan = Double.NaN;
    double low = Double.NEGATIVE_INFINITY;
    double high = Double.POSITIVE_INFINITY;
    cases.add(
        max("NaN", PoolWindow.of(2).stride(1), Fill.cycle(1, nan, 2, nan, nan, 3, 4), 1, 2, 5, 5));
    cases.add(
        max(
            "infinities",
            PoolWindow.of(2).stride(1).padding(1),
            Fill.cycle(low, low, low, 1, high, high, low),
            1,
            2,
            5,
            4));
    cases.add(of("global average", x -> x.globalAveragePool2d(), Fill.normal(1), 3, 5, 7, 9));
    cases.add(
        of("adaptive average", x -> x.adaptiveAveragePool2d(2, 3), Fill.normal(1), 2, 3, 8, 9));
    cases.add(
        of(
            "adaptive average of one",
            x -> x.adaptiveAveragePool2d(1, 1),
            Fill.normal(1),
            2,
            3,
            4,
            4));
    cases.add(of("adaptive maximum", x -> x.adaptiveMaxPool2d(1, 1), Fill.distinct(), 2, 3, 8, 9));
    cases.add(of("upsampling", x -> x.upsampleNearest2d(2), Fill.normal(1), 2, 3, 3, 5));
    cases.add(of("upsampling by 1", x -> x.upsampleNearest2d(1), Fill.normal(1), 1, 2, 3, 3));
    cases.add(of("empty pooling", x -> x.maxPool2d(2), Fill.normal(1), 0, 3, 4, 4));
    return cases;
  }

  private static void both(List<OpCase> cases, PoolWindow window, int... dims) {
    cases.add(of("max_pool2d " + window, x -> x.maxPool2d(window), Fill.distinct(), dims));
    cases.add(
        of("average_pool2d " + window, x -> x.averagePool2d(window, false), Fill.normal(1), dims));
    if (window.padTop() + window.padLeft() > 0) {
      cases.add(
          of(
              "average_pool2d with padding " + window,
              x -> x.averagePool2d(window, true),
              Fill.normal(1),
              dims));
    }
  }

  private static OpCase of(String name, UnaryOperator<Tensor> op, Fill fill, int... dims) {
    Spec spec = Spec.f32(dims);
    return OpCase.named(name + " of " + spec.shape())
        .by("x", spec, fill)
        .program((trace, in) -> List.of(op.apply(in[0])));
  }

  /** A maximum that is not differentiable at its data, with its gradient. */
  private static OpCase max(String what, PoolWindow window, Fill fill, int... dims) {
    Spec spec = Spec.f32(dims);
    Spec pooled = Spec.f32(window.over("max_pool2d", spec.shape()));
    Pool2d op = new Pool2d(Pool2d.Kind.MAX, window, false);
    return OpCase.named("max_pool2d with " + what)
        .input("x", spec, fill)
        .input("dy", pooled, Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    in[0].maxPool2d(window),
                    trace.add(new Pool2dGrad(op, dims[2], dims[3]), in[0], in[1]).get(0)));
  }
}
