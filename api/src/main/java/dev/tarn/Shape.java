package dev.tarn;

import java.util.Arrays;

/** The extent of a tensor along each axis, in row-major order; immutable. */
public final class Shape {
  /** The shape of a scalar: no axes, one element. */
  public static final Shape SCALAR = new Shape(new int[0]);

  private final int[] dims;
  private final long size;

  private Shape(int[] dims) {
    this.dims = dims;
    long product = 1;
    for (int dim : dims) {
      if (dim != 0 && product > Long.MAX_VALUE / dim) {
        throw new ShapeException("shape: more elements than 2^63 in " + Arrays.toString(dims));
      }
      product *= dim;
    }
    this.size = product;
  }

  /**
   * A shape with the given extents.
   *
   * @throws ShapeException if an extent is negative, or there are more elements than 2^63
   */
  public static Shape of(int... dims) {
    if (dims.length == 0) {
      return SCALAR;
    }
    for (int dim : dims) {
      if (dim < 0) {
        throw new ShapeException("shape: negative extent in " + Arrays.toString(dims));
      }
    }
    return new Shape(dims.clone());
  }

  /** The number of axes. */
  public int rank() {
    return dims.length;
  }

  /** The extent along an axis; a negative axis counts from the last. */
  public int dim(int axis) {
    return dims[axis(axis)];
  }

  /**
   * The axis as a number from 0 to rank - 1; a negative one counts from the last.
   *
   * @throws ShapeException if there is no such axis
   */
  public int axis(int axis) {
    int index = axis < 0 ? axis + dims.length : axis;
    if (index < 0 || index >= dims.length) {
      throw new ShapeException("axis " + axis + " is out of range for " + this);
    }
    return index;
  }

  /** The extents, as a copy. */
  public int[] dims() {
    return dims.clone();
  }

  /** The number of elements. */
  public long size() {
    return size;
  }

  /**
   * The number of elements as an index into a Java array.
   *
   * @throws ShapeException if there are more than 2^31 - 1 elements
   */
  public int intSize() {
    if (size > Integer.MAX_VALUE - 8) {
      throw new ShapeException(this + " has " + size + " elements, more than a Java array holds");
    }
    return (int) size;
  }

  /** This shape with one axis replaced. */
  public Shape with(int axis, int extent) {
    int[] copy = dims.clone();
    copy[axis(axis)] = extent;
    return of(copy);
  }

  /** This shape without its first axis: the shape of one example of a batch. */
  public Shape withoutFirst() {
    axis(0);
    return of(Arrays.copyOfRange(dims, 1, dims.length));
  }

  /** This shape with an axis put before the first: a batch of examples of this shape. */
  public Shape prepend(int extent) {
    int[] copy = new int[dims.length + 1];
    copy[0] = extent;
    System.arraycopy(dims, 0, copy, 1, dims.length);
    return of(copy);
  }

  /**
   * The shape that NumPy's broadcasting gives two operands: aligned at the last axis, an extent of
   * one stretches.
   *
   * @throws ShapeException naming both shapes if they do not fit
   */
  public static Shape broadcast(String what, Shape a, Shape b) {
    if (a.equals(b)) {
      return a;
    }
    int rank = Math.max(a.rank(), b.rank());
    int[] out = new int[rank];
    for (int i = 1; i <= rank; i++) {
      int da = i <= a.rank() ? a.dim(-i) : 1;
      int db = i <= b.rank() ? b.dim(-i) : 1;
      if (da != db && da != 1 && db != 1) {
        throw new ShapeException(what + ": shapes do not broadcast: " + a + " and " + b);
      }
      out[rank - i] = da == 1 ? db : da;
    }
    return of(out);
  }

  /** Whether a tensor of this shape broadcasts to {@code target} without changing it. */
  public boolean broadcastsTo(Shape target) {
    if (rank() > target.rank()) {
      return false;
    }
    for (int i = 1; i <= rank(); i++) {
      if (dim(-i) != 1 && dim(-i) != target.dim(-i)) {
        return false;
      }
    }
    return true;
  }

  /** The row-major strides in elements with which this shape is read when broadcast to a target. */
  public int[] broadcastStrides(Shape target) {
    int[] strides = new int[target.rank()];
    int stride = 1;
    for (int i = 1; i <= rank(); i++) {
      strides[target.rank() - i] = dim(-i) == 1 ? 0 : stride;
      stride *= dim(-i);
    }
    return strides;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** The shape as {@code [32,784]}; {@code []} for a scalar. */
  @Override
  public String toString() {
    return Arrays.toString(dims).replace(" ", "");
  }
}
