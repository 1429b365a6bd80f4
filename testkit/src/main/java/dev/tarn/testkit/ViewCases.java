package dev.tarn.testkit;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.ir.Reshape;
import java.util.List;

/** Reshapes before, after and between other operations; constants of every kind. */
final class ViewCases {
  private ViewCases() {}

  static List<OpCase> all() {
    return List.of(
        aroundElementwise(),
        aroundMatmul(),
        aroundReduce(),
        ofIntegers(),
        ofInputs(),
        constants(),
        constantOperands());
  }

  private static OpCase aroundElementwise() {
    return OpCase.named("reshape before and after elementwise operations")
        .by("x", Spec.f32(3, 4, 5), Fill.normal(1))
        .by("row", Spec.f32(10), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor flat = in[0].reshape(-1).tanh();
              Tensor twice = flat.reshape(6, 10).add(in[1]).reshape(5, 12).reshape(3, 20);
              return List.of(twice.neg(), flat.reshape(60, 1), twice, in[0].flatten());
            });
  }

  private static OpCase aroundMatmul() {
    return OpCase.named("reshape before and after matmul")
        .by("a", Spec.f32(3, 2, 7), Fill.normal(0.5))
        .by("b", Spec.f32(70), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor product = in[0].reshape(6, 7).matmul(in[1].reshape(7, 10));
              Tensor transposed = in[0].reshape(7, 6).matmul(in[1].reshape(10, 7), true, true);
              return List.of(product.reshape(3, 2, 10), transposed.reshape(60), product.tanh());
            });
  }

  private static OpCase aroundReduce() {
    return OpCase.named("reshape before and after reductions")
        .by("x", Spec.f32(6, 20), Fill.distinct())
        .program(
            (trace, in) -> {
              Tensor x = in[0].reshape(2, 3, 4, 5);
              return List.of(
                  x.sum(1, 3).reshape(8),
                  x.max(0).reshape(60).sum(),
                  in[0].reshape(120).max().reshape(1, 1));
            });
  }

  private static OpCase ofIntegers() {
    return OpCase.named("reshape of i32")
        .input("labels", Spec.i32(4, 3), Fill.below(5))
        .by("logits", Spec.f32(12, 5), Fill.normal(1))
        .program(
            (trace, in) -> {
              Tensor labels = in[0].reshape(12);
              return List.of(
                  in[1].softmaxCrossEntropy(labels),
                  in[1].argmax().equal(labels).mean(),
                  in[1].argmax().reshape(3, 4));
            });
  }

  private static OpCase ofInputs() {
    return OpCase.named("outputs that alias inputs")
        .by("x", Spec.f32(3, 4), Fill.normal(1))
        .input("n", Spec.i32(6), Fill.bits())
        .program(
            (trace, in) -> {
              Tensor same = trace.add(new Reshape(Shape.of(3, 4)), in[0]).get(0);
              return List.of(in[0], in[0].reshape(12), same, in[1].reshape(2, 3), in[0].neg());
            });
  }

  private static OpCase constants() {
    return OpCase.named("constants as outputs")
        .program(
            (trace, in) ->
                List.of(
                    trace.constant(0.1),
                    trace.constant(HostTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3)),
                    trace.constant(HostTensor.of(new int[] {7, -1, 1 << 30}, 3)),
                    trace.constant(2.5).broadcastTo(Shape.of(33, 3)),
                    trace.constant(HostTensor.of(new float[] {9}, 1, 1)),
                    trace.constant(HostTensor.of(new float[] {-1, -2}, 2)).reshape(2, 1),
                    trace.constant(3).neg()));
  }

  private static OpCase constantOperands() {
    float[] values = new float[4099];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i % 13 - 6) / 8f;
    }
    return OpCase.named("constants as operands")
        .by("x", Spec.f32(2, 3), Fill.normal(1))
        .by("long", Spec.f32(4099), Fill.normal(1))
        .input("labels", Spec.i32(3), Fill.below(3))
        .program(
            (trace, in) -> {
              Tensor matrix = trace.constant(HostTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2));
              Tensor row = trace.constant(HostTensor.of(new float[] {1, -2, 4}, 3));
              Tensor one = trace.constant(HostTensor.of(new float[] {5}, 1, 1));
              Tensor labels = trace.constant(HostTensor.of(new int[] {0, 1, 2}, 3));
              return List.of(
                  in[0].matmul(matrix),
                  in[0].mul(row).add(one),
                  in[1].add(trace.constant(HostTensor.of(values, values.length))),
                  in[2].equal(labels),
                  matrix.sum(0),
                  in[0].mul(1).div(1).add(0).mul(0.1),
                  in[0].sub(1).mul(trace.constant(1).sub(in[0])));
            });
  }
}
