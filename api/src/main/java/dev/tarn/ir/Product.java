package dev.tarn.ir;

/** An operation that sums products of two operands: what {@code precision} is about. */
public interface Product {
  /** In which formats it multiplies. */
  Arithmetic arithmetic();

  /** The same operation in other formats. */
  Op with(Arithmetic other);
}
