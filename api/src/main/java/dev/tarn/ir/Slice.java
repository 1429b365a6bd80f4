package dev.tarn.ir;

import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * A box cut out of a tensor: along axis {@code i} the elements from {@code starts[i]} to before
 * {@code ends[i]}. f32 or i32.
 *
 * @param starts one per axis, from 0
 * @param ends one per axis, not less than its start and not more than the extent
 */
public record Slice(List<Integer> starts, List<Integer> ends) implements Op {
  /** Copies the lists. */
  public Slice {
    starts = List.copyOf(starts);
    ends = List.copyOf(ends);
  }

  @Override
  public String name() {
    return "slice";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 1);
    int[] dims = inputs.get(0).shape().dims();
    boolean fits = starts.size() == dims.length && ends.size() == dims.length;
    for (int i = 0; fits && i < dims.length; i++) {
      fits = 0 <= starts.get(i) && starts.get(i) <= ends.get(i) && ends.get(i) <= dims[i];
      dims[i] = ends.get(i) - starts.get(i);
    }
    if (!fits) {
      throw new ShapeException(
          "slice: " + starts + " to " + ends + " does not lie in " + inputs.get(0).shape());
    }
    return List.of(new Spec(inputs.get(0).dtype(), Shape.of(dims)));
  }

  @Override
  public String attributes() {
    return (starts + ".." + ends).replace(" ", "");
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
