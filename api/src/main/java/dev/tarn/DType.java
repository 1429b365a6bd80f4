package dev.tarn;

/** The element type of a tensor. */
public enum DType {
  /** 32-bit IEEE 754 floating point: the type of activations, parameters and gradients. */
  F32("f32", 4),
  /**
   * 64-bit IEEE 754 floating point: what the reference backend computes in when asked for double.
   */
  F64("f64", 8),
  /** 32-bit signed integer: class labels, indices, counters. */
  I32("i32", 4),
  /**
   * 16-bit floating point with the exponent of f32 and 7 mantissa bits. Only values inside a
   * program are bf16: its inputs, states and outputs, and data on the host, are not.
   */
  BF16("bf16", 2);

  private final String text;
  private final int bytes;

  DType(String text, int bytes) {
    this.text = text;
    this.bytes = bytes;
  }

  /** The size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Whether the type is a floating point type. */
  public boolean isFloat() {
    return this != I32;
  }

  @Override
  public String toString() {
    return text;
  }
}
