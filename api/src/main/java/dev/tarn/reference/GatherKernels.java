package dev.tarn.reference;

import dev.tarn.Shape;
import java.util.Arrays;

/** Rows of a table by their numbers, and the gradient. */
final class GatherKernels {
  private GatherKernels() {}

  static double[] gather(double[] table, double[] indices, Shape shape) {
    int width = shape.dim(1);
    double[] out = new double[indices.length * width];
    for (int n = 0; n < indices.length; n++) {
      int row = (int) indices[n];
      if (row >= 0 && row < shape.dim(0)) {
        System.arraycopy(table, row * width, out, n * width, width);
      } else {
        Arrays.fill(out, n * width, (n + 1) * width, Double.NaN);
      }
    }
    return out;
  }

  static double[] gradient(double[] indices, double[] dy, Shape shape) {
    int width = shape.dim(1);
    double[] out = new double[shape.intSize()];
    for (int n = 0; n < indices.length; n++) {
      int row = (int) indices[n];
      for (int d = 0; d < width && row >= 0 && row < shape.dim(0); d++) {
        out[row * width + d] += dy[n * width + d];
      }
    }
    return out;
  }
}
