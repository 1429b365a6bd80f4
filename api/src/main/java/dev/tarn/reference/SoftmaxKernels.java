package dev.tarn.reference;

import dev.tarn.ir.Softmax;
import dev.tarn.ir.SoftmaxGrad;

/** Softmax and its logarithm over rows, and the gradients. */
final class SoftmaxKernels {
  private SoftmaxKernels() {}

  static double[] softmax(Softmax op, double[] x, int columns) {
    double[] out = new double[x.length];
    for (int row = 0; row < x.length; row += columns) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = row; j < row + columns; j++) {
        max = Math.max(max, x[j]);
      }
      double sum = 0;
      for (int j = row; j < row + columns; j++) {
        sum += StrictMath.exp(x[j] - max);
      }
      for (int j = row; j < row + columns; j++) {
        double shifted = x[j] - max;
        out[j] = op.log() ? shifted - StrictMath.log(sum) : StrictMath.exp(shifted) / sum;
      }
    }
    return out;
  }

  static double[] gradient(SoftmaxGrad op, double[] y, double[] dy, int columns) {
    double[] out = new double[y.length];
    for (int row = 0; row < y.length; row += columns) {
      double sum = 0;
      for (int j = row; j < row + columns; j++) {
        sum += op.log() ? dy[j] : dy[j] * y[j];
      }
      for (int j = row; j < row + columns; j++) {
        out[j] = op.log() ? dy[j] - StrictMath.exp(y[j]) * sum : y[j] * (dy[j] - sum);
      }
    }
    return out;
  }
}
