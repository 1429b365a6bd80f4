package dev.tarn;

import dev.tarn.ir.Conv2dGradInput;
import java.util.List;

/** What {@link Tensor}'s methods about images, {@code [N, C, H, W]}, do. */
final class TensorImages {
  private TensorImages() {}

  static Tensor globalAveragePool2d(Tensor x) {
    requireImages("global_average_pool2d", x);
    return x.mean(2, 3);
  }

  static Tensor adaptiveAveragePool2d(Tensor x, int rows, int columns) {
    PoolWindow window = fields("adaptive_average_pool2d", x, rows, columns);
    return rows * columns == 1
        ? globalAveragePool2d(x).reshape(x.shape().dim(0), x.shape().dim(1), 1, 1)
        : x.averagePool2d(window, false);
  }

  static Tensor adaptiveMaxPool2d(Tensor x, int rows, int columns) {
    return x.maxPool2d(fields("adaptive_max_pool2d", x, rows, columns));
  }

  private static PoolWindow fields(String what, Tensor x, int rows, int columns) {
    requireImages(what, x);
    int height = x.shape().dim(2);
    int width = x.shape().dim(3);
    if (rows <= 0
        || columns <= 0
        || height % rows != 0
        || width % columns != 0
        || x.shape().size() == 0) {
      throw x.trace()
          .failure(
              what
                  + (": " + x.shape() + " has no grid of ")
                  + (rows + "x" + columns + " equal fields"));
    }
    return PoolWindow.of(height / rows, width / columns);
  }

  static Tensor upsampleNearest2d(Tensor x, int factor) {
    requireImages("upsample", x);
    if (factor <= 0) {
      throw x.trace().failure("upsample: the factor must be positive, not " + factor);
    }
    int n = x.shape().dim(0);
    int c = x.shape().dim(1);
    int h = x.shape().dim(2);
    int w = x.shape().dim(3);
    return x.reshape(n, c, h, 1, w, 1)
        .broadcastTo(Shape.of(n, c, h, factor, w, factor))
        .reshape(n, c, Math.multiplyExact(h, factor), Math.multiplyExact(w, factor));
  }

  static Tensor convTranspose2d(
      Tensor x, Tensor kernel, Window2d window, int extraRows, int extraColumns) {
    if (x.shape().rank() != 4 || kernel.shape().rank() != 4) {
      throw x.trace()
          .failure(
              "conv_transpose2d: needs two operands with four axes, was given "
                  + List.of(x.spec(), kernel.spec()));
    }
    int rows = (x.shape().dim(2) - 1) * window.strideH() - window.padTop() - window.padBottom();
    rows += window.dilationH() * (kernel.shape().dim(2) - 1) + 1 + extraRows;
    int columns = (x.shape().dim(3) - 1) * window.strideW() - window.padLeft() - window.padRight();
    columns += window.dilationW() * (kernel.shape().dim(3) - 1) + 1 + extraColumns;
    return x.trace().add(new Conv2dGradInput(window, rows, columns), x, kernel).get(0);
  }

  private static void requireImages(String what, Tensor x) {
    if (x.shape().rank() != 4) {
      throw x.trace().failure(what + ": needs [N,C,H,W], was given " + x.shape());
    }
  }
}
