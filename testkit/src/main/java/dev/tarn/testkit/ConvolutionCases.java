package dev.tarn.testkit;

import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import java.util.ArrayList;
import java.util.List;

/**
 * Convolutions: a grid of small shapes, eight to a case, and a few shapes that fill the tiles of
 * backends.
 *
 * <p>Every shape is run forward, and by its gradients as both adjoints.
 */
final class ConvolutionCases {
  /** Cases of one size have the same elementwise work, which costs a backend kernels. */
  private static final int PER_CASE = 8;

  /** One convolution: image [n, c, h, w] by kernel [o, c / groups, rows, columns]. */
  record Geometry(int n, int c, int h, int w, int o, int rows, int columns, Window2d window) {
    boolean fits() {
      return window.outRows(h, rows) > 0
          && window.outColumns(w, columns) > 0
          && c % window.groups() == 0
          && o % window.groups() == 0;
    }

    Spec image() {
      return Spec.f32(n, c, h, w);
    }

    Spec kernel() {
      return Spec.f32(o, c / window.groups(), rows, columns);
    }

    Spec result() {
      return Spec.f32(n, o, window.outRows(h, rows), window.outColumns(w, columns));
    }
  }

  private ConvolutionCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    List<Geometry> grid = grid();
    for (int i = 0; i + PER_CASE <= grid.size(); i += PER_CASE) {
      cases.add(forward("conv2d grid " + i / PER_CASE, grid.subList(i, i + PER_CASE)));
    }
    for (Geometry geometry : tiles()) {
      cases.add(forward("conv2d " + geometry, List.of(geometry)));
    }
    Window2d two = Window2d.UNIT.stride(2, 2).padding(1, 1, 1, 1);
    cases.add(adjoints("unit", new Geometry(2, 3, 6, 5, 4, 3, 3, Window2d.UNIT)));
    cases.add(adjoints("stride two", new Geometry(2, 4, 6, 7, 6, 3, 3, two.groups(2))));
    cases.add(adjoints("empty batch", new Geometry(0, 4, 6, 7, 6, 3, 3, two)));
    cases.add(nanStaysInItsWindows());
    return cases;
  }

  /** All combinations of kernel and window, each at one of a few sizes in turn. */
  static List<Geometry> grid() {
    Window2d unit = Window2d.UNIT;
    List<Window2d> windows =
        List.of(
            unit,
            unit.padding(1, 1, 1, 1),
            unit.stride(2, 2).padding(1, 1, 1, 1),
            unit.stride(3, 3),
            unit.stride(2, 1).padding(0, 1, 2, 0),
            unit.dilation(2, 2).padding(2, 2, 2, 2),
            unit.dilation(1, 3).stride(1, 2).padding(1, 0, 3, 3),
            unit.padding(3, 3, 3, 3),
            unit.padding(4, 0, 0, 5).stride(3, 2));
    int[][] kernels = {{1, 1}, {3, 3}, {5, 5}, {7, 7}, {1, 3}, {4, 2}};
    int[][] channels = {
      {1, 4, 1}, {3, 5, 1}, {4, 6, 2}, {4, 4, 4}, {2, 6, 2}, {17, 9, 1}, {1, 1, 1}
    };
    int[][] sizes = {{2, 7, 7}, {1, 5, 9}, {3, 8, 6}, {2, 4, 4}, {1, 12, 11}};
    List<Geometry> out = new ArrayList<>();
    int turn = 0;
    for (Window2d window : windows) {
      for (int[] kernel : kernels) {
        for (int[] channel : channels) {
          int[] size = sizes[turn++ % sizes.length];
          Geometry geometry =
              new Geometry(
                  size[0],
                  channel[0],
                  size[1],
                  size[2],
                  channel[1],
                  kernel[0],
                  kernel[1],
                  window.groups(channel[2]));
          // Large kernels at the first size of channels only: they take the reference long.
          if (geometry.fits() && (kernel[0] * kernel[1] < 10 || channel[0] < 4)) {
            out.add(geometry);
          }
        }
      }
    }
    return out;
  }

  /** Several tiles along each axis, with and without rests; first layers; depthwise. */
  private static List<Geometry> tiles() {
    Window2d same = Window2d.UNIT.padding(1, 1, 1, 1);
    return List.of(
        new Geometry(3, 24, 10, 10, 70, 3, 3, same),
        new Geometry(2, 32, 8, 8, 64, 3, 3, same),
        new Geometry(2, 130, 7, 7, 33, 1, 1, Window2d.UNIT),
        new Geometry(2, 64, 9, 9, 72, 1, 1, Window2d.UNIT.stride(2, 2)),
        new Geometry(4, 1, 28, 28, 32, 5, 5, Window2d.UNIT.padding(2, 2, 2, 2)),
        new Geometry(2, 3, 32, 32, 16, 7, 7, Window2d.UNIT.stride(2, 2).padding(3, 3, 3, 3)),
        new Geometry(2, 40, 12, 12, 40, 3, 3, same.groups(40)),
        new Geometry(2, 32, 9, 9, 48, 3, 3, same.groups(2)));
  }

  private static OpCase forward(String name, List<Geometry> geometries) {
    OpCase c = OpCase.named(name).within(5e-5);
    for (Geometry geometry : geometries) {
      operand(c, "x", geometry, geometry.image(), geometry.kernel().shape().withoutFirst().size());
      operand(c, "kernel", geometry, geometry.kernel(), 1);
    }
    return c.program(
        (trace, in) -> {
          List<Tensor> out = new ArrayList<>();
          for (int i = 0; i < in.length; i += 2) {
            out.add(in[i].conv2d(in[i + 1], geometries.get(i / 2).window));
          }
          return out;
        });
  }

  /** Both adjoints on their own, so that their own gradients are taken too. */
  private static OpCase adjoints(String name, Geometry geometry) {
    OpCase c = OpCase.named("conv2d adjoints, " + name).within(5e-5);
    operand(c, "x", geometry, geometry.image(), 4);
    operand(c, "kernel", geometry, geometry.kernel(), 4);
    operand(c, "dy", geometry, geometry.result(), 4);
    Window2d window = geometry.window;
    return c.program(
        (trace, in) -> {
          Conv2dGradInput byImage = new Conv2dGradInput(window, geometry.h, geometry.w);
          Conv2dGradWeight byKernel = new Conv2dGradWeight(window, geometry.rows, geometry.columns);
          return List.of(
              in[0].conv2d(in[1], window),
              trace.add(byImage, in[2], in[1]).get(0),
              trace.add(byKernel, in[0], in[2]).get(0));
        });
  }

  /** Data so small that the sum of {@code terms} products is near one. */
  private static void operand(OpCase c, String name, Geometry geometry, Spec spec, long terms) {
    String unique = name + c.inputNames().size();
    if (geometry.n == 0) {
      c.input(unique, spec, Fill.normal(1));
    } else {
      c.by(unique, spec, Fill.normal(1 / Math.sqrt(terms)));
    }
  }

  private static OpCase nanStaysInItsWindows() {
    return OpCase.named("conv2d of an image with a NaN and an infinity")
        .input("x", Spec.f32(1, 2, 6, 6), Fill.normal(1).but(new int[] {7}, Float.NaN))
        .input("kernel", Spec.f32(3, 2, 3, 3), Fill.awayFromZero())
        .input(
            "z", Spec.f32(1, 2, 6, 6), Fill.normal(1).but(new int[] {60}, Float.POSITIVE_INFINITY))
        .program(
            (trace, in) ->
                List.of(in[0].conv2d(in[1], Window2d.UNIT), in[2].conv2d(in[1], Window2d.UNIT)));
  }
}
