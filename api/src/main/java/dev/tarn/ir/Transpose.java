package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.Collections;
import java.util.List;

/**
 * The axes in another order: axis {@code i} of the output is axis {@code permutation[i]} of the
 * input. f32 or i32.
 *
 * @param permutation every axis of the input once
 */
public record Transpose(List<Integer> permutation) implements Op {
  /** Copies the list. */
  public Transpose {
    permutation = List.copyOf(permutation);
  }

  @Override
  public String name() {
    return "transpose";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    Shape shape = inputs.get(0).shape();
    int rank = shape.rank();
    boolean fits = permutation.size() == rank;
    for (int axis = 0; fits && axis < rank; axis++) {
      fits = Collections.frequency(permutation, axis) == 1;
    }
    if (!fits) {
      throw new ShapeException(
          "transpose: " + permutation + " does not order the axes of " + shape);
    }
    int[] dims = permutation.stream().mapToInt(shape::dim).toArray();
    return List.of(new Spec(inputs.get(0).dtype(), Shape.of(dims)));
  }

  /** The permutation that undoes this one. */
  public Transpose inverse() {
    Integer[] inverse = new Integer[permutation.size()];
    for (int i = 0; i < inverse.length; i++) {
      inverse[permutation.get(i)] = i;
    }
    return new Transpose(List.of(inverse));
  }

  @Override
  public String attributes() {
    return permutation.toString().replace(" ", "");
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
