package dev.tarn.ir;

import dev.tarn.Spec;

/**
 * A value of a program: an input, what a state holds at the start, or an output of a node.
 *
 * <p>Identity is the object; {@link #id()} is only its name in printed text.
 */
public final class Value {
  private final int id;
  private final Spec spec;

  /** A value with the number that names it in printed text. */
  public Value(int id, Spec spec) {
    this.id = id;
    this.spec = spec;
  }

  /** The number that names this value in printed text. */
  public int id() {
    return id;
  }

  /** Element type and shape. */
  public Spec spec() {
    return spec;
  }

  @Override
  public String toString() {
    return "%" + id;
  }
}
