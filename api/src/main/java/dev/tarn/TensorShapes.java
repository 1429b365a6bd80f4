package dev.tarn;

import dev.tarn.ir.Concat;
import dev.tarn.ir.Pad;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Slice;
import dev.tarn.ir.Transpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What {@link Tensor}'s methods about shapes do. */
final class TensorShapes {
  private TensorShapes() {}

  static Tensor reshape(Tensor x, int... dims) {
    int[] resolved = dims.clone();
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == -1) {
        long others = 1;
        for (int j = 0; j < dims.length; j++) {
          others *= j == i ? 1 : dims[j];
        }
        resolved[i] = others <= 0 ? 0 : (int) (x.shape().size() / others);
      }
    }
    Shape target = Shape.of(resolved);
    return target.equals(x.shape()) ? x : x.trace().add(new Reshape(target), x).get(0);
  }

  static Tensor transpose(Tensor x, int... axes) {
    int rank = x.shape().rank();
    Integer[] permutation = new Integer[axes.length == 0 ? rank : axes.length];
    for (int i = 0; i < permutation.length; i++) {
      permutation[i] = axes.length == 0 ? rank - 1 - i : axis("transpose", x, axes[i]);
    }
    Transpose op = new Transpose(List.of(permutation));
    return x.trace().add(op, x).get(0);
  }

  static Tensor t(Tensor x) {
    int rank = x.shape().rank();
    if (rank < 2) {
      throw x.trace().failure("t: needs at least two axes, was given " + x.spec());
    }
    int[] axes = new int[rank];
    Arrays.setAll(axes, i -> i < rank - 2 ? i : 2 * rank - 3 - i);
    return transpose(x, axes);
  }

  static Tensor slice(Tensor x, int[] starts, int[] ends) {
    return x.trace().add(new Slice(boxed(starts), boxed(ends)), x).get(0);
  }

  static Tensor narrow(Tensor x, int axis, int from, int length) {
    int at = axis("narrow", x, axis);
    int[] starts = new int[x.shape().rank()];
    int[] ends = x.shape().dims();
    starts[at] = from;
    ends[at] = from + length;
    return slice(x, starts, ends);
  }

  static List<Tensor> split(Tensor x, int axis, int parts) {
    int extent = x.shape().dim(axis("split", x, axis));
    if (parts <= 0 || extent % parts != 0) {
      throw x.trace()
          .failure(
              "split: axis " + axis + " of " + x.shape() + " has no " + parts + " equal parts");
    }
    int[] extents = new int[parts];
    Arrays.fill(extents, extent / parts);
    return split(x, axis, extents);
  }

  static List<Tensor> split(Tensor x, int axis, int[] extents) {
    int extent = x.shape().dim(axis("split", x, axis));
    if (Arrays.stream(extents).sum() != extent) {
      throw x.trace()
          .failure(
              "split: extents "
                  + Arrays.toString(extents)
                  + (" do not fill axis " + axis + " of " + x.shape()));
    }
    List<Tensor> parts = new ArrayList<>();
    int from = 0;
    for (int length : extents) {
      parts.add(narrow(x, axis, from, length));
      from += length;
    }
    return parts;
  }

  static Tensor concat(int axis, List<Tensor> tensors) {
    Tensor first = first("concat", tensors);
    Concat op = new Concat(axis("concat", first, axis));
    return first.trace().add(op, tensors.toArray(Tensor[]::new)).get(0);
  }

  static Tensor stack(int axis, List<Tensor> tensors) {
    int at = place("stack", first("stack", tensors), axis);
    return concat(at, tensors.stream().map(tensor -> unsqueeze(tensor, at)).toList());
  }

  private static Tensor first(String what, List<Tensor> tensors) {
    if (tensors.isEmpty()) {
      throw new ShapeException(what + ": needs at least one tensor");
    }
    return tensors.get(0);
  }

  static Tensor pad(Tensor x, int[] before, int[] after, double value) {
    return x.trace().add(new Pad(boxed(before), boxed(after), (float) value), x).get(0);
  }

  static Tensor oneHot(Tensor indices, int classes) {
    int[] numbers = new int[Math.max(0, classes)];
    Arrays.setAll(numbers, i -> i);
    if (indices.spec().dtype() != DType.I32 || classes <= 0) {
      throw indices
          .trace()
          .failure("one_hot: needs i32 indices and classes, was given " + indices.spec());
    }
    Tensor all = indices.trace().constant(HostTensor.of(numbers, classes));
    return unsqueeze(indices, -1).equal(all);
  }

  static Tensor squeeze(Tensor x, int axis) {
    int at = axis("squeeze", x, axis);
    if (x.shape().dim(at) != 1) {
      throw x.trace().failure("squeeze: axis " + axis + " of " + x.shape() + " is not of extent 1");
    }
    List<Integer> dims = new ArrayList<>(boxed(x.shape().dims()));
    dims.remove(at);
    return x.reshape(dims.stream().mapToInt(Integer::intValue).toArray());
  }

  static Tensor unsqueeze(Tensor x, int axis) {
    List<Integer> dims = new ArrayList<>(boxed(x.shape().dims()));
    dims.add(place("unsqueeze", x, axis), 1);
    return x.reshape(dims.stream().mapToInt(Integer::intValue).toArray());
  }

  static Tensor expand(Tensor x, int... dims) {
    int lead = dims.length - x.shape().rank();
    int[] target = dims.clone();
    for (int i = Math.max(0, lead); i < dims.length; i++) {
      target[i] = dims[i] == -1 ? x.shape().dim(i - lead) : dims[i];
    }
    if (Arrays.stream(target).anyMatch(dim -> dim < 0)) {
      throw x.trace().failure("expand: " + x.shape() + " to " + Arrays.toString(dims));
    }
    return x.broadcastTo(Shape.of(target));
  }

  /** An axis as a number from 0; an error names the method and the user's line. */
  static int axis(String what, Tensor x, int axis) {
    try {
      return x.shape().axis(axis);
    } catch (ShapeException e) {
      throw x.trace().failure(what + ": " + e.getMessage());
    }
  }

  /** Where a new axis goes, from 0 to the rank. */
  private static int place(String what, Tensor x, int axis) {
    int rank = x.shape().rank();
    int at = axis < 0 ? axis + rank + 1 : axis;
    if (at < 0 || at > rank) {
      throw x.trace().failure(what + ": " + x.shape() + " has no place for an axis " + axis);
    }
    return at;
  }

  private static List<Integer> boxed(int[] numbers) {
    return Arrays.stream(numbers).boxed().toList();
  }
}
