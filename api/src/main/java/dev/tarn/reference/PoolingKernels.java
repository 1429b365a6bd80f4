package dev.tarn.reference;

import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.ir.Pool2d;

/** Pooling and its gradient. */
final class PoolingKernels {
  private PoolingKernels() {}

  /** One result per window of {@code x}. */
  static double[] forward(Pool2d op, double[] x, Shape input, Shape output) {
    PoolWindow window = op.window();
    int height = input.dim(2);
    int width = input.dim(3);
    double[] y = new double[output.intSize()];
    int at = 0;
    for (int plane = 0; plane < input.dim(0) * input.dim(1); plane++) {
      for (int p = 0; p < output.dim(2); p++) {
        for (int q = 0; q < output.dim(3); q++) {
          if (op.kind() == Pool2d.Kind.MAX) {
            y[at++] = x[largest(window, x, plane, height, width, p, q)];
            continue;
          }
          double sum = 0;
          for (int h = window.firstRow(p); h < window.lastRow(p, height); h++) {
            for (int w = window.firstColumn(q); w < window.lastColumn(q, width); w++) {
              sum += x[(plane * height + h) * width + w];
            }
          }
          y[at++] = sum / op.divisor(p, q, height, width);
        }
      }
    }
    return y;
  }

  /** The gradient by the input; {@code x} is read for a maximum only. */
  static double[] backward(Pool2d op, double[] x, double[] dy, Shape input, Shape output) {
    PoolWindow window = op.window();
    int height = input.dim(2);
    int width = input.dim(3);
    double[] dx = new double[input.intSize()];
    int at = 0;
    for (int plane = 0; plane < input.dim(0) * input.dim(1); plane++) {
      for (int p = 0; p < output.dim(2); p++) {
        for (int q = 0; q < output.dim(3); q++) {
          double grad = dy[at++];
          if (op.kind() == Pool2d.Kind.MAX) {
            dx[largest(window, x, plane, height, width, p, q)] += grad;
            continue;
          }
          double share = grad / op.divisor(p, q, height, width);
          for (int h = window.firstRow(p); h < window.lastRow(p, height); h++) {
            for (int w = window.firstColumn(q); w < window.lastColumn(q, width); w++) {
              dx[(plane * height + h) * width + w] += share;
            }
          }
        }
      }
    }
    return dx;
  }

  /** The index of the first largest element of a window. */
  private static int largest(
      PoolWindow window, double[] x, int plane, int height, int width, int p, int q) {
    int best = (plane * height + window.firstRow(p)) * width + window.firstColumn(q);
    for (int h = window.firstRow(p); h < window.lastRow(p, height); h++) {
      for (int w = window.firstColumn(q); w < window.lastColumn(q, width); w++) {
        int index = (plane * height + h) * width + w;
        if (x[index] > x[best] || (Double.isNaN(x[index]) && !Double.isNaN(x[best]))) {
          best = index;
        }
      }
    }
    return best;
  }
}
