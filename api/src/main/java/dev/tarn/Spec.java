package dev.tarn;

import org.jspecify.annotations.Nullable;

/** What is known of a tensor before it has data: element type and shape. */
public record Spec(DType dtype, Shape shape) {
  /** A 32-bit float tensor of the given extents. */
  public static Spec f32(int... dims) {
    return new Spec(DType.F32, Shape.of(dims));
  }

  /** A 32-bit float tensor. */
  public static Spec f32(Shape shape) {
    return new Spec(DType.F32, shape);
  }

  /** A 32-bit integer tensor of the given extents. */
  public static Spec i32(int... dims) {
    return new Spec(DType.I32, Shape.of(dims));
  }

  /** A 32-bit integer tensor. */
  public static Spec i32(Shape shape) {
    return new Spec(DType.I32, shape);
  }

  /** This shape with another element type. */
  public Spec as(DType other) {
    return new Spec(other, shape);
  }

  /** So many of them, along a new first axis. */
  public Spec prepend(int count) {
    return new Spec(dtype, shape.prepend(count));
  }

  /**
   * One of them, without the first axis.
   *
   * @throws ShapeException if it is a scalar
   */
  public Spec withoutFirst() {
    return new Spec(dtype, shape.withoutFirst());
  }

  /** The size in bytes of the data, plain and without padding. */
  public long bytes() {
    return shape.size() * dtype.bytes();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Spec spec && dtype == spec.dtype && shape.equals(spec.shape);
  }

  @Override
  public int hashCode() {
    return 31 * dtype.ordinal() + shape.hashCode();
  }

  /** The spec as {@code f32[32,784]}. */
  @Override
  public String toString() {
    return dtype.toString() + shape;
  }
}
