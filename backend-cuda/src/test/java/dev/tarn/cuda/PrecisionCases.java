package dev.tarn.cuda;

import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.Window2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import dev.tarn.testkit.Fill;
import dev.tarn.testkit.OpCase;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Programs that reach the kernels for tf32 and bf16. */
final class PrecisionCases {
  private static final Window2d SAME = Window2d.UNIT.padding(1, 1, 1, 1);

  private static final PoolWindow PADDED = PoolWindow.of(3).stride(2).padding(1);

  private PrecisionCases() {}

  /**
   * Convolutions of integers so small that every sum is exact: whatever the order of sums, a result
   * is one number, rounded once.
   */
  static List<OpCase> exact() {
    Window2d two = Window2d.UNIT.stride(2, 2).padding(1, 1, 1, 1);
    return List.of(
        // Channels that need padding, a rest of pixels and of channels, and a narrow tile.
        exact(Shape.of(2, 3, 9, 7), Shape.of(5, 3, 3, 3), SAME),
        exact(Shape.of(3, 17, 6, 5), Shape.of(33, 17, 3, 3), two),
        exact(Shape.of(2, 24, 10, 10), Shape.of(70, 24, 3, 3), SAME),
        // Many tiles of terms; several cuts of the pixels; whole chunks.
        exact(Shape.of(2, 96, 8, 8), Shape.of(64, 96, 3, 3), SAME),
        exact(Shape.of(5, 16, 16, 16), Shape.of(40, 16, 1, 1), Window2d.UNIT),
        // Windows that are not square, and holes in them.
        exact(
            Shape.of(2, 8, 12, 11),
            Shape.of(8, 8, 4, 2),
            Window2d.UNIT.stride(3, 2).padding(4, 0, 0, 5)),
        exact(
            Shape.of(1, 9, 12, 11),
            Shape.of(6, 9, 1, 3),
            Window2d.UNIT.dilation(1, 3).stride(1, 2).padding(1, 0, 3, 3)),
        // Groups that fill chunks, and those that are left to the f32 kernels.
        exact(Shape.of(2, 32, 9, 9), Shape.of(48, 16, 3, 3), SAME.groups(2)),
        exact(Shape.of(2, 6, 7, 7), Shape.of(12, 1, 3, 3), SAME.groups(6)),
        wide());
  }

  /** The tile of 128 channels, which needs many pixels. */
  private static OpCase wide() {
    return OpCase.named("exact convolution to 130 channels")
        .within(0)
        .input("x", Spec.f32(4, 3, 65, 64), Fill.cycle(1, -2, 0, 2, -1, 1, 2))
        .input("w", Spec.f32(130, 3, 2, 1), Fill.cycle(-1, 0, 1, 1, -1, 1, 0, 0, 1, -1, 1))
        .program((trace, in) -> List.of(in[0].conv2d(in[1], Window2d.UNIT)));
  }

  private static OpCase exact(Shape x, Shape w, Window2d window) {
    int rows = window.outRows(x.dim(2), w.dim(2));
    int columns = window.outColumns(x.dim(3), w.dim(3));
    Shape y = Shape.of(x.dim(0), w.dim(0), rows, columns);
    return OpCase.named("exact convolution of " + x + " by " + w + ", " + window.text())
        .within(0)
        .input("x", Spec.f32(x), Fill.cycle(1, -2, 0, 2, -1, 1, 2))
        .input("w", Spec.f32(w), Fill.cycle(-1, 0, 1, 1, -1, 1, 0, 0, 1, -1, 1))
        .input("dy", Spec.f32(y), Fill.cycle(2, -1, 1, 0, -2))
        .input("next", Spec.f32(2, w.dim(0), 1, 1), Fill.cycle(1, 0, -1))
        .program(
            (trace, in) -> {
              Tensor result = in[0].conv2d(in[1], window);
              Conv2dGradInput byImage = new Conv2dGradInput(window, x.dim(2), x.dim(3));
              Conv2dGradWeight byKernel = new Conv2dGradWeight(window, w.dim(2), w.dim(3));
              return List.of(
                  result,
                  // Its operand is a result that is rounded to bf16.
                  in[0].conv2d(in[1], window).conv2d(in[3], Window2d.UNIT),
                  trace.add(byImage, in[2], in[1]).get(0),
                  trace.add(byKernel, in[0], in[2]).get(0));
            });
  }

  /** Operations between two convolutions or products, where their data is bf16; with gradients. */
  static List<OpCase> between() {
    List<OpCase> cases = new ArrayList<>(channelsLast());
    for (int c : new int[] {10, 16}) {
      cases.add(images("relu and a bias", c, h -> h.add(h.mean(0, 2, 3).reshape(c, 1, 1)).relu()));
      cases.add(images("max pooling", c, h -> h.maxPool2d(PoolWindow.of(3).stride(2).padding(1))));
      cases.add(images("average pooling", c, h -> h.averagePool2d(PADDED, c == 16)));
      cases.add(images("slices and concatenation", c, PrecisionCases::sliced));
      cases.add(images("a transposed image", c, h -> h.transpose(0, 1, 3, 2).sigmoid()));
      cases.add(images("padding", c, h -> h.pad(new int[4], new int[] {0, 0, 2, 1}, -3).tanh()));
    }
    cases.add(rows("normalization of rows", h -> h.normalizeRows(1e-5)));
    cases.add(rows("a transposed matrix", h -> h.t().relu().t()));
    cases.add(
        rows("a permuted batch", h -> h.reshape(3, 11, 10).transpose(1, 0, 2).reshape(33, 10)));
    return cases;
  }

  /** What only images with their channels last meet. */
  private static List<OpCase> channelsLast() {
    return List.of(
        images("whole slices", 16, PrecisionCases::slicedWhole),
        images("padded channels", 16, PrecisionCases::padded),
        images("weights of channels", 16, h -> h.mul(h.mean(new int[] {2, 3}, true).sigmoid())),
        images(
            "a mean of rows",
            16,
            h -> h.sub(h.mean(new int[] {2}, true)).mul(h.mean(new int[] {1}, true))),
        images("a long chain", 16, h -> h.relu().maxPool2d(2).averagePool2d(2).tanh()),
        images("a flattened image", 16, h -> h.relu().flatten().sigmoid().reshape(3, 16, 7, 5)),
        OpCase.named("a plain image, an offset and a mask between convolutions")
            .within(2e-2)
            .steps(2)
            .input(Trace.SEED, Spec.i32(2), Fill.bits())
            .input(Trace.STEP, Spec.i32(), Fill.step())
            .by("x", Spec.f32(3, 16, 7, 5), Fill.normal(1))
            .by("first", Spec.f32(16, 16, 3, 3), Fill.normal(0.2))
            .by("offset", Spec.f32(16, 7, 5), Fill.normal(1))
            .by("last", Spec.f32(8, 16, 1, 1), Fill.normal(0.3))
            .program(
                (trace, in) -> {
                  Tensor h = in[2].conv2d(in[3], SAME).add(in[2]).add(in[4]);
                  Tensor mask = trace.dropoutMask("a", h.shape(), 0.5f);
                  Tensor masked = h.relu().mul(mask);
                  return List.of(mask, masked, masked.conv2d(in[5], Window2d.UNIT));
                }));
  }

  private static Tensor slicedWhole(Tensor h) {
    return Tensor.concat(1, List.of(h.narrow(1, 8, 8), h.narrow(1, 0, 8))).narrow(2, 1, 5);
  }

  private static Tensor padded(Tensor h) {
    return h.narrow(1, 0, 8).pad(new int[] {0, 8, 1, 0}, new int[4], 2);
  }

  private static Tensor sliced(Tensor h) {
    return Tensor.concat(1, List.of(h.narrow(1, 3, h.shape().dim(1) - 3), h.narrow(1, 0, 3)))
        .mul(0.5);
  }

  private static OpCase images(String name, int channels, UnaryOperator<Tensor> middle) {
    return OpCase.named(name + " between convolutions of " + channels + " channels")
        .within(2e-2)
        .by("x", Spec.f32(3, 6, 7, 5), Fill.normal(1))
        .by("first", Spec.f32(channels, 6, 3, 3), Fill.normal(0.2))
        .by("last", Spec.f32(8, channels, 1, 1), Fill.normal(0.3))
        .program(
            (trace, in) ->
                List.of(middle.apply(in[0].conv2d(in[1], SAME)).conv2d(in[2], Window2d.UNIT)));
  }

  private static OpCase rows(String name, UnaryOperator<Tensor> middle) {
    return OpCase.named(name + " between products")
        .within(2e-2)
        .by("x", Spec.f32(33, 17), Fill.normal(1))
        .by("first", Spec.f32(17, 10), Fill.normal(0.3))
        .by("last", Spec.f32(10, 7), Fill.normal(0.3))
        .program((trace, in) -> List.of(middle.apply(in[0].matmul(in[1])).matmul(in[2])));
  }
}
