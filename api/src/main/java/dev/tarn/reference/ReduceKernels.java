package dev.tarn.reference;

import dev.tarn.Shape;
import dev.tarn.ir.CumulativeSum;
import dev.tarn.ir.Reduce;
import java.util.Arrays;

/** Reductions over axes, and running sums. */
final class ReduceKernels {
  private ReduceKernels() {}

  static double[] reduce(Reduce op, double[] in, Shape shape, Shape result) {
    double[] out = new double[result.intSize()];
    boolean max = op.kind() == Reduce.Kind.MAX;
    Arrays.fill(out, max ? Double.NEGATIVE_INFINITY : 0);
    int[] strides = result.broadcastStrides(shape);
    int[] index = new int[shape.rank()];
    int to = 0;
    for (double value : in) {
      out[to] = max ? Math.max(out[to], value) : out[to] + value;
      for (int axis = shape.rank() - 1; axis >= 0; axis--) {
        to += strides[axis];
        if (++index[axis] < shape.dim(axis)) {
          break;
        }
        to -= strides[axis] * index[axis];
        index[axis] = 0;
      }
    }
    return out;
  }

  static double[] cumulativeSum(CumulativeSum op, double[] in, Shape shape) {
    int extent = shape.dim(op.axis());
    int stride = (int) op.asThreeAxes(shape)[2];
    double[] out = in.clone();
    for (int i = 0; i < in.length; i++) {
      // Every element after the first of its line adds the sum before it.
      int at = op.reverse() ? in.length - 1 - i : i;
      int place = at / stride % extent;
      if (place != (op.reverse() ? extent - 1 : 0)) {
        out[at] += out[op.reverse() ? at + stride : at - stride];
      }
    }
    return out;
  }

  static double[] argMax(double[] in, Shape shape) {
    int columns = shape.dim(1);
    double[] out = new double[shape.dim(0)];
    for (int row = 0; row < out.length; row++) {
      int best = 0;
      for (int j = 1; j < columns; j++) {
        double value = in[row * columns + j];
        double largest = in[row * columns + best];
        if (value > largest || (Double.isNaN(value) && !Double.isNaN(largest))) {
          best = j;
        }
      }
      out[row] = best;
    }
    return out;
  }
}
