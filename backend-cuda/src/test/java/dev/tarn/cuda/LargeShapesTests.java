package dev.tarn.cuda;

import dev.tarn.Arena;
import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.internal.RandomStream;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.Fill;
import dev.tarn.testkit.OpCase;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Shapes beyond the testkit's that make the kernels take their other ways, against the reference.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LargeShapesTests {
  @AutoClose private final Backend backend = CudaDevice.open();
  @AutoClose private final Backend reference = ReferenceBackend.inDouble();

  @TestFactory
  Stream<DynamicTest> agreeWithTheReference() {
    return cases().stream()
        .map(
            opCase ->
                DynamicTest.dynamicTest(
                    opCase.name(),
                    () ->
                        CaseRun.assertAgrees(
                            backend, reference, opCase, Precision.FP32, opCase.tolerance())));
  }

  /** The cases. */
  static List<OpCase> cases() {
    List<OpCase> cases = new ArrayList<>();
    // A row to a warp, to a block, in chunks; columns in few and in many lanes, in chunks.
    cases.add(reduce(Shape.of(9, 1024), 1));
    cases.add(reduce(Shape.of(9, 1025), 1));
    cases.add(reduce(Shape.of(100_003), 0));
    cases.add(reduce(Shape.of(2, 50_001), 1));
    cases.add(reduce(Shape.of(300, 70), 0));
    cases.add(reduce(Shape.of(5001, 33), 0));
    cases.add(reduce(Shape.of(3, 2500, 5), 1));
    cases.add(reduce(Shape.of(66_000, 2, 3), 1));
    // Axes that are no neighbours: a pass each.
    cases.add(reduce(Shape.of(7, 5, 3, 11), 0, 2));
    cases.add(reduce(Shape.of(7, 5, 3, 11), 1, 3));
    cases.add(reduce(Shape.of(40, 3, 300), 0, 2));
    cases.add(rows(5, 1024));
    cases.add(rows(5, 1025));
    cases.add(rows(3, 20_000));
    cases.add(broadcast(Shape.of(33, 5, 7), Shape.of(5, 1)));
    cases.add(broadcast(Shape.of(4, 5, 3, 7), Shape.of(4, 1, 3, 1)));
    cases.add(broadcast(Shape.of(4, 5, 3, 8), Shape.of(5, 1, 8)));
    cases.add(broadcast(Shape.of(300, 1001), Shape.of(1001)));
    cases.add(broadcast(Shape.of(300, 1001), Shape.of(300, 1)));
    cases.add(broadcast(Shape.of(300, 1000), Shape.of(300, 1)));
    // Tiles with and without rests, wide and narrow, and partial sums; then direct ones.
    Window2d same = Window2d.UNIT.padding(1, 1, 1, 1);
    cases.add(convolution(Shape.of(5, 9, 17, 19), Shape.of(130, 9, 3, 3), same));
    cases.add(convolution(Shape.of(3, 33, 16, 16), Shape.of(64, 33, 1, 1), Window2d.UNIT));
    cases.add(convolution(Shape.of(2, 70, 20, 20), Shape.of(12, 35, 5, 5), same.groups(2)));
    cases.add(convolution(Shape.of(4, 3, 40, 40), Shape.of(7, 3, 4, 4), same.stride(2, 2)));
    cases.add(convolution(Shape.of(6, 20, 33, 31), Shape.of(20, 1, 3, 3), same.groups(20)));
    // Windows of up to 32 and 64 taps and of more; places that strides leave out.
    cases.add(convolution(Shape.of(2, 8, 23, 21), Shape.of(40, 8, 7, 7), same.stride(2, 3)));
    cases.add(convolution(Shape.of(2, 9, 5, 200), Shape.of(40, 9, 3, 27), same.stride(1, 2)));
    cases.add(
        convolution(
            Shape.of(3, 12, 25, 25),
            Shape.of(70, 12, 3, 3),
            Window2d.UNIT.padding(3, 2, 1, 4).stride(3, 2).dilation(2, 3)));
    cases.add(transpose(Shape.of(1000, 333)));
    cases.add(transpose(Shape.of(70, 31, 33)));
    cases.add(gather(40_000, 70, 3000));
    cases.add(gather(3, 600, 1000));
    cases.add(nonFinite(-1));
    IntStream.of(0, 1, 4095, 4096, 20_000).forEach(at -> cases.add(nonFinite(at)));
    return cases;
  }

  private static OpCase reduce(Shape shape, int... axes) {
    return OpCase.named("reduce " + shape + " over " + IntStream.of(axes).boxed().toList())
        .within(1e-4)
        .input("x", Spec.f32(shape), Fill.normal(1))
        .program((trace, in) -> List.of(in[0].sum(axes), in[0].max(axes)));
  }

  private static OpCase convolution(Shape image, Shape kernel, Window2d window) {
    double scale = 1 / Math.sqrt(kernel.withoutFirst().size());
    return OpCase.named("convolution of " + image + " by " + kernel)
        .within(2e-4)
        .input("x", Spec.f32(image), Fill.normal(1))
        .input("w", Spec.f32(kernel), Fill.normal(scale))
        .program(
            (trace, in) -> {
              Tensor y = in[0].conv2d(in[1], window);
              List<Tensor> out = new ArrayList<>(List.of(y));
              Tensor loss = y.mul(y).mean();
              out.addAll(dev.tarn.transform.Gradient.of(loss, List.of(in)));
              return out;
            });
  }

  private static OpCase rows(int rows, int columns) {
    return OpCase.named("rows of " + columns)
        .within(1e-4)
        .input("x", Spec.f32(rows, columns), Fill.normal(3))
        .input("labels", Spec.i32(rows), Fill.below(columns))
        .program(
            (trace, in) -> {
              Tensor loss = in[0].softmaxCrossEntropy(in[1]);
              Tensor gradient = dev.tarn.transform.Gradient.of(loss.sum(), List.of(in[0])).get(0);
              return List.of(loss, gradient, in[0].argmax());
            });
  }

  private static OpCase transpose(Shape shape) {
    return OpCase.named("transpose of " + shape)
        .input("x", Spec.f32(shape), Fill.normal(1))
        .program((trace, in) -> List.of(in[0].t(), in[0].transpose()));
  }

  private static OpCase gather(int rows, int width, int count) {
    return OpCase.named("gather of " + count + " from [" + rows + "," + width + "]")
        .within(1e-4)
        .by("table", Spec.f32(rows, width), Fill.normal(1))
        .input("indices", Spec.i32(count), Fill.below(rows))
        .program((trace, in) -> List.of(in[0].gather(in[1])))
        .gradient();
  }

  private static OpCase broadcast(Shape target, Shape shape) {
    return OpCase.named("broadcast " + shape + " to " + target)
        .input("x", Spec.f32(target), Fill.normal(1))
        .input("y", Spec.f32(shape), Fill.normal(1))
        .program((trace, in) -> List.of(in[0].mul(in[1]), in[0].sub(in[1]).tanh()));
  }

  /** One infinity in the members of an arena of 21,000 elements, or none. */
  private static OpCase nonFinite(int at) {
    State small = State.zeros("small", Spec.f32(5));
    State large =
        new State(
            () -> "large",
            Spec.f32(20_001),
            seed -> {
              float[] values = new float[20_001];
              RandomStream random = new RandomStream(seed, "large");
              for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
              }
              if (at >= 0) {
                values[at] = Float.NEGATIVE_INFINITY;
              }
              return HostTensor.of(values, values.length);
            });
    State last = State.zeros("last", Spec.f32(33));
    Arena arena = Arena.of("arena", List.of(small, large, last));
    State flag = State.zeros("flag", Spec.i32());
    return OpCase.named("infinity at " + at)
        .steps(2)
        .state(arena)
        .state(flag)
        .input("step", Spec.i32(), Fill.cycle(3, 4))
        .input("x", Spec.f32(7), Fill.normal(1))
        .program(
            (trace, in) -> {
              List<Tensor> checked = new ArrayList<>(List.of(in[1].neg()));
              List.of(large, last, small).forEach(state -> checked.add(trace.state(state)));
              trace.update(flag, trace.firstNonFinite(trace.state(flag), checked));
              return List.of(trace.state(flag).equal(trace.constant(HostTensor.scalar(3))));
            });
  }
}
