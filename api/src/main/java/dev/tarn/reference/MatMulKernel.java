package dev.tarn.reference;

import dev.tarn.Shape;
import dev.tarn.ir.MatMul;
import java.util.Arrays;
import java.util.List;

/** Matrix products by the definition. */
final class MatMulKernel {
  private MatMulKernel() {}

  static double[] run(MatMul op, List<double[]> inputs, Shape a, Shape b, Shape out) {
    double[] left = op.transposeA() ? transposed(inputs.get(0), a) : inputs.get(0);
    double[] right = op.transposeB() ? transposed(inputs.get(1), b) : inputs.get(1);
    int m = out.dim(-2);
    int n = out.dim(-1);
    int k = a.dim(op.transposeA() ? -2 : -1);
    double[] result = new double[out.intSize()];
    double[] row = new double[n];
    for (int batch = 0; batch < MatMul.batch(out); batch++) {
      int fromA = MatMul.batch(a) == 1 ? 0 : batch * m * k;
      int fromB = MatMul.batch(b) == 1 ? 0 : batch * k * n;
      for (int i = 0; i < m; i++) {
        Arrays.fill(row, 0);
        for (int p = 0; p < k; p++) {
          double factor = left[fromA + i * k + p];
          for (int j = 0, from = fromB + p * n; j < n; j++) {
            row[j] += factor * right[from + j];
          }
        }
        System.arraycopy(row, 0, result, (batch * m + i) * n, n);
      }
    }
    return result;
  }

  /** Each matrix of a batch with rows and columns exchanged. */
  private static double[] transposed(double[] in, Shape shape) {
    int rows = shape.dim(-2);
    int columns = shape.dim(-1);
    double[] out = new double[in.length];
    for (int first = 0; first < in.length; first += rows * columns) {
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          out[first + j * rows + i] = in[first + i * columns + j];
        }
      }
    }
    return out;
  }
}
