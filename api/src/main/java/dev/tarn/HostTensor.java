package dev.tarn;

import java.util.Arrays;
import java.util.Objects;

/**
 * Tensor data in Java memory, row-major.
 *
 * <p>The storage is one Java array ({@code float[]}, {@code double[]} or {@code int[]}) that the
 * accessors {@link #floats()}, {@link #doubles()} and {@link #ints()} give out without a copy. A
 * host tensor is where data enters a program and where results leave it; it has no arithmetic.
 */
public final class HostTensor {
  private final Spec spec;
  private final Object data;

  private HostTensor(Spec spec, Object data, int length) {
    this.spec = spec;
    this.data = data;
    if (spec.shape().size() != length) {
      throw new ShapeException("tensor: " + length + " values do not fill " + spec.shape());
    }
  }

  /** A tensor that wraps {@code values} without a copy. */
  public static HostTensor of(float[] values, int... dims) {
    return new HostTensor(Spec.f32(dims), values, values.length);
  }

  /** A tensor that wraps {@code values} without a copy. */
  public static HostTensor of(float[] values, Shape shape) {
    return new HostTensor(Spec.f32(shape), values, values.length);
  }

  /** A tensor that wraps {@code values} without a copy. */
  public static HostTensor of(double[] values, Shape shape) {
    return new HostTensor(new Spec(DType.F64, shape), values, values.length);
  }

  /** A tensor that wraps {@code values} without a copy. */
  public static HostTensor of(int[] values, int... dims) {
    return new HostTensor(Spec.i32(dims), values, values.length);
  }

  /** A tensor that wraps {@code values} without a copy. */
  public static HostTensor of(int[] values, Shape shape) {
    return new HostTensor(Spec.i32(shape), values, values.length);
  }

  /** A 32-bit float scalar. */
  public static HostTensor scalar(float value) {
    return of(new float[] {value});
  }

  /** A 32-bit integer scalar. */
  public static HostTensor scalar(int value) {
    return of(new int[] {value});
  }

  /** A tensor of zeros. */
  public static HostTensor zeros(Spec spec) {
    int size = spec.shape().intSize();
    Object data =
        switch (spec.dtype()) {
          case F32 -> new float[size];
          case F64 -> new double[size];
          case I32 -> new int[size];
          case BF16 -> throw new IllegalArgumentException("data on the host is never " + spec);
        };
    return new HostTensor(spec, data, size);
  }

  /** Element type and shape. */
  public Spec spec() {
    return spec;
  }

  /** The shape. */
  public Shape shape() {
    return spec.shape();
  }

  /** The number of elements. */
  public int size() {
    return (int) spec.shape().size();
  }

  /**
   * The storage of an f32 tensor, not a copy.
   *
   * @throws IllegalStateException if the element type is another
   */
  public float[] floats() {
    require(DType.F32);
    return (float[]) data;
  }

  /**
   * The storage of an f64 tensor, not a copy.
   *
   * @throws IllegalStateException if the element type is another
   */
  public double[] doubles() {
    require(DType.F64);
    return (double[]) data;
  }

  /**
   * The storage of an i32 tensor, not a copy.
   *
   * @throws IllegalStateException if the element type is another
   */
  public int[] ints() {
    require(DType.I32);
    return (int[]) data;
  }

  /** The element at a flat row-major index, as a double. */
  public double get(int index) {
    if (data instanceof float[] floats) {
      return floats[index];
    }
    return data instanceof double[] doubles ? doubles[index] : ints()[index];
  }

  /** Sets the element at a flat row-major index, rounding to the element type. */
  public void set(int index, double value) {
    if (data instanceof float[] floats) {
      floats[index] = (float) value;
    } else if (data instanceof double[] doubles) {
      doubles[index] = value;
    } else {
      ints()[index] = (int) value;
    }
  }

  /**
   * The only element.
   *
   * @throws IllegalStateException if there is more than one
   */
  public double item() {
    if (size() != 1) {
      throw new IllegalStateException("item() needs one element; this tensor is " + spec);
    }
    return get(0);
  }

  /** The values as doubles, in a new array. */
  public double[] toDoubles() {
    double[] out = new double[size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = get(i);
    }
    return out;
  }

  /** A copy with its own storage. */
  public HostTensor copy() {
    HostTensor out = zeros(spec);
    out.copyFrom(this);
    return out;
  }

  /**
   * Copies another tensor's values into this one, converting between float types.
   *
   * @throws ShapeException if the shapes differ or one is an integer tensor and the other is not
   */
  public void copyFrom(HostTensor other) {
    if (!shape().equals(other.shape())) {
      throw new ShapeException("copy: " + other.spec + " does not fit " + spec);
    }
    copyFrom(other, 0, 0, size());
  }

  /**
   * Copies a part of another tensor's values, of whatever shape, into a part of this one,
   * converting between float types.
   *
   * @param first the flat row-major index of the first value in the other tensor; of row n of
   *     {@code [N, ...]} it is n times the size of a row
   * @param at the flat row-major index that it gets in this one
   * @param count how many values
   * @throws ShapeException if one is an integer tensor and the other is not
   * @throws IndexOutOfBoundsException if either tensor has no such part; nothing is copied then
   */
  public void copyFrom(HostTensor other, int first, int at, int count) {
    if (spec.dtype().isFloat() != other.spec.dtype().isFloat()) {
      throw new ShapeException("copy: " + other.spec + " does not fit " + spec);
    }
    Objects.checkFromIndexSize(first, count, other.size());
    Objects.checkFromIndexSize(at, count, size());
    if (spec.dtype() == other.spec.dtype()) {
      System.arraycopy(other.data, first, data, at, count);
    } else {
      for (int i = 0; i < count; i++) {
        set(at + i, other.get(first + i));
      }
    }
  }

  /** The same storage under another shape with as many elements. */
  public HostTensor reshape(int... dims) {
    return new HostTensor(new Spec(spec.dtype(), Shape.of(dims)), data, size());
  }

  /** Equal when element type, shape and every bit of the values are equal. */
  @Override
  public boolean equals(Object other) {
    return other instanceof HostTensor t
        && spec.equals(t.spec)
        && Arrays.deepEquals(new Object[] {data}, new Object[] {t.data});
  }

  @Override
  public int hashCode() {
    return 31 * spec.hashCode() + Arrays.deepHashCode(new Object[] {data});
  }

  /** Spec and the first values, as {@code f32[2,3] {1.0, 2.0, 3.0, ...}}. */
  @Override
  public String toString() {
    StringBuilder out = new StringBuilder(spec + " {");
    for (int i = 0; i < Math.min(size(), 8); i++) {
      out.append(i == 0 ? "" : ", ");
      out.append(spec.dtype() == DType.I32 ? "" + ints()[i] : "" + get(i));
    }
    return out.append(size() > 8 ? ", ...}" : "}").toString();
  }

  private void require(DType dtype) {
    if (spec.dtype() != dtype) {
      throw new IllegalStateException("the tensor is " + spec + ", not " + dtype);
    }
  }
}
