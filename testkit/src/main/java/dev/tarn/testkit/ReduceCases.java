package dev.tarn.testkit;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Reduce;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reductions over every kind of axis set, and arg-max. */
final class ReduceCases {
  private ReduceCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (Reduce.Kind kind : Reduce.Kind.values()) {
      cases.add(everyAxisSet(kind, kind == Reduce.Kind.SUM, Shape.of(3, 5, 2, 4)));
      cases.add(everyAxisSet(kind, false, Shape.of(3, 1, 5, 4)));
      cases.add(everyAxisSet(kind, true, Shape.of(3, 17)));
      cases.add(everyAxisSet(kind, false, Shape.of(1)));
      cases.add(everyAxisSet(kind, true, Shape.SCALAR));
      for (int[] dims :
          new int[][] {
            {33, 257}, {257, 33}, {3, 17, 33}, {1, 17}, {1, 4099}, {4099, 1}, {2, 3000}
          }) {
        cases.add(everyAxisSet(kind, dims.length == 3 && kind == Reduce.Kind.SUM, Shape.of(dims)));
      }
    }
    cases.add(nonFinite());
    cases.add(ties());
    cases.add(methods());
    cases.add(argmax());
    cases.add(argmaxAlongAxes());
    cases.add(keptAxes());
    cases.add(argmaxTies());
    return cases;
  }

  private static OpCase everyAxisSet(Reduce.Kind kind, boolean differentiable, Shape shape) {
    // Sums of elements of this size are near one, so that errors of rounding are comparable.
    double deviation = 1 / Math.sqrt(shape.size());
    Fill fill = kind == Reduce.Kind.SUM ? Fill.normal(deviation) : Fill.distinct();
    OpCase c =
        OpCase.named(new Reduce(kind, List.of()).name() + " of " + shape + " over all axis sets");
    return (differentiable ? c.by("x", Spec.f32(shape), fill) : c.input("x", Spec.f32(shape), fill))
        .program(
            (trace, in) -> {
              List<Tensor> out = new ArrayList<>();
              for (int set = 0; set < 1 << shape.rank(); set++) {
                out.add(reduce(trace, kind, in[0], set));
              }
              return out;
            });
  }

  private static Tensor reduce(Trace trace, Reduce.Kind kind, Tensor x, int set) {
    List<Integer> axes = new ArrayList<>();
    for (int axis = 0; axis < x.shape().rank(); axis++) {
      if ((set >> axis & 1) == 1) {
        axes.add(axis);
      }
    }
    return trace.add(new Reduce(kind, axes), x).get(0);
  }

  private static OpCase nonFinite() {
    return OpCase.named("reductions of NaN and infinities")
        .input(
            "x",
            Spec.f32(6, 37),
            Fill.normal(1)
                .but(new int[] {0, 36 + 37, 18 + 2 * 37}, Float.NaN)
                .but(new int[] {1 + 3 * 37, 4 * 37}, Float.POSITIVE_INFINITY)
                .but(new int[] {2 + 4 * 37, 36 + 5 * 37}, Float.NEGATIVE_INFINITY))
        .input("low", Spec.f32(3, 5), Fill.cycle(Double.NEGATIVE_INFINITY))
        .program(
            (trace, in) ->
                List.of(
                    in[0].sum(1),
                    in[0].sum(0),
                    in[0].max(1),
                    in[0].max(0),
                    in[0].sum(),
                    in[0].max(),
                    in[1].max(1),
                    in[1].max(0)));
  }

  private static OpCase ties() {
    return OpCase.named("reduce_max with ties")
        .input("x", Spec.f32(17, 33), Fill.grid(0))
        .program((trace, in) -> List.of(in[0].max(0), in[0].max(1), in[0].max()));
  }

  private static OpCase methods() {
    return OpCase.named("mean, negative axes, softmax")
        .by("x", Spec.f32(5, 17, 3), Fill.distinct())
        .program(
            (trace, in) ->
                List.of(
                    in[0].mean(),
                    in[0].mean(-1),
                    in[0].sum(0, -1),
                    in[0].max(-2),
                    in[0].softmax(),
                    in[0].reshape(17, 15).softmax()));
  }

  private static OpCase argmax() {
    OpCase c = OpCase.named("argmax at many sizes");
    for (int[] dims : new int[][] {{1, 1}, {3, 1}, {1, 257}, {17, 33}, {257, 3}, {5, 4099}}) {
      c.input("x" + c.inputNames().size(), Spec.f32(dims), Fill.distinct());
    }
    return c.program((trace, in) -> Arrays.stream(in).map(Tensor::argmax).toList());
  }

  private static OpCase argmaxAlongAxes() {
    return OpCase.named("argmax and argmin along axes")
        .input("x", Spec.f32(5, 17, 3), Fill.grid(0))
        .input("row", Spec.f32(33), Fill.distinct())
        .input("none", Spec.f32(0, 3), Fill.normal(1))
        .program(
            (trace, in) ->
                List.of(
                    in[0].argmax(0),
                    in[0].argmax(1),
                    in[0].argmax(-1),
                    in[0].argmin(-2),
                    in[0].reshape(-1).argmax(),
                    in[1].argmax(),
                    in[1].argmin(0),
                    in[2].argmax(1)));
  }

  private static OpCase keptAxes() {
    return OpCase.named("reductions that keep their axes")
        .by("x", Spec.f32(5, 17, 3), Fill.distinct())
        .program(
            (trace, in) ->
                List.of(
                    in[0].sum(new int[] {1}, true),
                    in[0].mean(new int[] {-1, 0}, true),
                    in[0].max(new int[] {}, true),
                    in[0].min(new int[] {0}, true),
                    in[0].sub(in[0].mean(new int[] {1}, true)),
                    in[0].sum(new int[] {1}, false)));
  }

  private static OpCase argmaxTies() {
    double nan = Double.NaN;
    double inf = Double.POSITIVE_INFINITY;
    return OpCase.named("argmax with ties, NaN and infinities")
        .input(
            "x",
            Spec.f32(8, 4),
            Fill.cycle(
                1, 3, 3, 2, 5, 5, 5, 5, 1, nan, 7, nan, nan, 1, 2, 3, 1, 2, inf, inf, -inf, -inf,
                -inf, -inf, -inf, -5, nan, inf, 0.0, -0.0, 0.0, -0.0))
        .input("wide", Spec.f32(7, 257), Fill.grid(0).but(new int[] {300, 310, 600}, Float.NaN))
        .program((trace, in) -> List.of(in[0].argmax(), in[1].argmax()))
        .exactly(
            data ->
                List.of(
                    HostTensor.of(new int[] {1, 0, 1, 0, 2, 0, 2, 0}, 8), rowsArgMax(data.get(1))));
  }

  private static HostTensor rowsArgMax(HostTensor x) {
    int columns = x.shape().dim(1);
    int[] out = new int[x.shape().dim(0)];
    for (int i = 0; i < x.size(); i++) {
      int best = i / columns * columns + out[i / columns];
      // Double.compare takes NaN for the largest number; the grid has no negative zero.
      if (Double.compare(x.get(i), x.get(best)) > 0) {
        out[i / columns] = i % columns;
      }
    }
    return HostTensor.of(out, out.length);
  }
}
