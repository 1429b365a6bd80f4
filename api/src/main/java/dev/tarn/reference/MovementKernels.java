package dev.tarn.reference;

import dev.tarn.Shape;
import dev.tarn.ir.Concat;
import dev.tarn.ir.Node;
import dev.tarn.ir.Pad;
import dev.tarn.ir.Slice;
import dev.tarn.ir.Transpose;
import java.util.Arrays;
import java.util.List;

/** Operations that move elements, each by its definition on coordinates. */
final class MovementKernels {
  private MovementKernels() {}

  static double[] transpose(Transpose op, double[] x, Shape shape) {
    int rank = shape.rank();
    int[] dims = op.permutation().stream().mapToInt(shape::dim).toArray();
    Shape target = Shape.of(dims);
    double[] out = new double[x.length];
    int[] from = new int[rank];
    for (int i = 0; i < out.length; i++) {
      int[] to = coordinates(i, target);
      for (int axis = 0; axis < rank; axis++) {
        from[op.permutation().get(axis)] = to[axis];
      }
      out[i] = x[index(from, shape)];
    }
    return out;
  }

  static double[] slice(Slice op, double[] x, Shape shape) {
    int[] dims = new int[shape.rank()];
    Arrays.setAll(dims, i -> op.ends().get(i) - op.starts().get(i));
    Shape target = Shape.of(dims);
    double[] out = new double[target.intSize()];
    for (int i = 0; i < out.length; i++) {
      int[] at = coordinates(i, target);
      Arrays.setAll(at, axis -> at[axis] + op.starts().get(axis));
      out[i] = x[index(at, shape)];
    }
    return out;
  }

  static double[] pad(Pad op, double[] x, Shape shape, Shape target) {
    double[] out = new double[target.intSize()];
    Arrays.fill(out, op.value());
    for (int i = 0; i < x.length; i++) {
      int[] at = coordinates(i, shape);
      Arrays.setAll(at, axis -> at[axis] + op.before().get(axis));
      out[index(at, target)] = x[i];
    }
    return out;
  }

  static double[] concat(Concat op, List<double[]> inputs, Node node) {
    Shape target = node.output().spec().shape();
    double[] out = new double[target.intSize()];
    int start = 0;
    for (int input = 0; input < inputs.size(); input++) {
      Shape shape = node.inputs().get(input).spec().shape();
      double[] x = inputs.get(input);
      for (int i = 0; i < x.length; i++) {
        int[] at = coordinates(i, shape);
        at[op.axis()] += start;
        out[index(at, target)] = x[i];
      }
      start += shape.dim(op.axis());
    }
    return out;
  }

  private static int[] coordinates(int index, Shape shape) {
    int[] out = new int[shape.rank()];
    for (int axis = out.length - 1, rest = index; axis >= 0; axis--) {
      out[axis] = rest % shape.dim(axis);
      rest /= shape.dim(axis);
    }
    return out;
  }

  private static int index(int[] coordinates, Shape shape) {
    int index = 0;
    for (int axis = 0; axis < coordinates.length; axis++) {
      index = index * shape.dim(axis) + coordinates[axis];
    }
    return index;
  }
}
