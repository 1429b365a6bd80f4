package dev.tarn;

import dev.tarn.ir.ArgMax;
import dev.tarn.ir.CumulativeSum;
import dev.tarn.ir.Reduce;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/** What {@link Tensor}'s methods that sum or reduce along axes do. */
final class TensorReductions {
  private TensorReductions() {}

  static Tensor sum(Tensor x, int... axes) {
    return drop(x, reduce(x, Reduce.Kind.SUM, axes), axes);
  }

  static Tensor mean(Tensor x, int... axes) {
    Tensor sum = sum(x, axes);
    return sum.mul(Math.max(1, sum.shape().size()) / (double) Math.max(1, x.shape().size()));
  }

  static Tensor max(Tensor x, int... axes) {
    return drop(x, reduce(x, Reduce.Kind.MAX, axes), axes);
  }

  static Tensor min(Tensor x, int... axes) {
    return max(x.neg(), axes).neg();
  }

  /** A result with the axes over which {@code x} was reduced as axes of extent one, or without. */
  static Tensor kept(Tensor x, Tensor reduced, int[] axes, boolean keepDims) {
    if (!keepDims) {
      return reduced;
    }
    int[] dims = x.shape().dims();
    ascending(x, axes).forEach(axis -> dims[axis] = 1);
    return reduced.reshape(dims);
  }

  static Tensor argmax(Tensor x, int axis) {
    int rank = x.shape().rank();
    int at = TensorShapes.axis("argmax", x, axis);
    int[] lastIsAt = new int[rank];
    Arrays.setAll(lastIsAt, i -> i == rank - 1 ? at : i < at ? i : i + 1);
    Tensor moved = at == rank - 1 ? x : x.transpose(lastIsAt);
    int columns = x.shape().dim(at);
    int[] kept = Arrays.copyOf(moved.shape().dims(), rank - 1);
    Tensor rows = moved.reshape(Shape.of(kept).intSize(), columns);
    return x.trace().add(new ArgMax(), rows).get(0).reshape(kept);
  }

  static Tensor cumulativeSum(Tensor x, int axis) {
    int at = TensorShapes.axis("cumulative_sum", x, axis);
    return x.trace().add(new CumulativeSum(at, false), x).get(0);
  }

  static Tensor sumTo(Tensor x, Shape target) {
    Shape shape = x.shape();
    if (target.equals(shape)) {
      return x;
    }
    List<Integer> axes = new ArrayList<>();
    int lead = shape.rank() - target.rank();
    for (int i = 0; i < shape.rank(); i++) {
      if (i < lead || (target.dim(i - lead) == 1 && shape.dim(i) != 1)) {
        axes.add(i);
      }
    }
    Reduce op = new Reduce(Reduce.Kind.SUM, axes);
    return x.trace().add(op, x).get(0).reshape(target.dims());
  }

  private static Tensor reduce(Tensor x, Reduce.Kind kind, int... axes) {
    return x.trace().add(new Reduce(kind, ascending(x, axes)), x).get(0);
  }

  /** Axes in order, each once; all if none is given. */
  private static List<Integer> ascending(Tensor x, int... axes) {
    TreeSet<Integer> out = new TreeSet<>();
    if (axes.length == 0) {
      for (int i = 0; i < x.shape().rank(); i++) {
        out.add(i);
      }
    }
    for (int axis : axes) {
      try {
        out.add(x.shape().axis(axis));
      } catch (ShapeException e) {
        throw x.trace().failure("reduce: " + e.getMessage());
      }
    }
    return List.copyOf(out);
  }

  /** A reduced tensor without the axes over which {@code x} was reduced to it. */
  private static Tensor drop(Tensor x, Tensor reduced, int... axes) {
    List<Integer> gone = ascending(x, axes);
    List<Integer> dims = new ArrayList<>();
    for (int i = 0; i < x.shape().rank(); i++) {
      if (!gone.contains(i)) {
        dims.add(x.shape().dim(i));
      }
    }
    return reduced.reshape(dims.stream().mapToInt(Integer::intValue).toArray());
  }
}
