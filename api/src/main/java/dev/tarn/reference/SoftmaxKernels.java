package dev.tarn.reference;

import dev.tarn.ir.Softmax;
import dev.tarn.ir.SoftmaxGrad;
import java.util.List;

/** Softmax, its logarithm and its cross-entropy over rows, and the gradients. */
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

  static List<double[]> crossEntropy(List<double[]> inputs, int columns) {
    double[] logits = inputs.get(0);
    double[] labels = inputs.get(1);
    double[] loss = new double[labels.length];
    double[] lse = new double[labels.length];
    for (int row = 0; row < labels.length; row++) {
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < columns; j++) {
        max = Math.max(max, logits[row * columns + j]);
      }
      double sum = 0;
      for (int j = 0; j < columns; j++) {
        sum += StrictMath.exp(logits[row * columns + j] - max);
      }
      lse[row] = max + StrictMath.log(sum);
      int label = (int) labels[row];
      boolean known = label >= 0 && label < columns;
      loss[row] = known ? lse[row] - logits[row * columns + label] : Double.NaN;
    }
    return List.of(loss, lse);
  }

  static double[] crossEntropyGradient(List<double[]> inputs, int columns) {
    double[] logits = inputs.get(0);
    double[] labels = inputs.get(1);
    double[] lse = inputs.get(2);
    double[] grad = inputs.get(3);
    double[] out = new double[logits.length];
    for (int row = 0; row < labels.length; row++) {
      int label = (int) labels[row];
      boolean known = label >= 0 && label < columns;
      for (int j = 0; j < columns; j++) {
        double probability = StrictMath.exp(logits[row * columns + j] - lse[row]);
        double delta = probability - (j == label ? 1 : 0);
        out[row * columns + j] = known ? delta * grad[grad.length == 1 ? 0 : row] : Double.NaN;
      }
    }
    return out;
  }
}
