package dev.tarn.nn;

import dev.tarn.Mode;
import dev.tarn.Shape;
import dev.tarn.ShapeException;
import dev.tarn.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Branches that are given the same input, their outputs joined along an axis (Szegedy et al. 2015)
 * or added up.
 */
public final class Parallel extends Module {
  private final Map<String, Module> branches = new LinkedHashMap<>();
  private final boolean sum;
  private final int axis;

  private Parallel(boolean sum, int axis) {
    this.sum = sum;
    this.axis = axis;
  }

  /**
   * Outputs {@code [N, C1, ...], [N, C2, ...]} joined along the channels: {@code [N, C1 + C2,
   * ...]}. The branches are named {@code branch1}, {@code branch2} and so on.
   */
  public static Parallel concat(Module... branches) {
    return concat(1, branches);
  }

  /**
   * Outputs joined along an axis.
   *
   * @param axis counted from 0, or from -1 backwards
   */
  public static Parallel concat(int axis, Module... branches) {
    return new Parallel(false, axis).addAll(branches);
  }

  /** Outputs of the same shape added up, in the order of the branches. */
  public static Parallel sum(Module... branches) {
    return new Parallel(true, 1).addAll(branches);
  }

  private Parallel addAll(Module... modules) {
    for (Module module : modules) {
      add("branch" + (branches.size() + 1), module);
    }
    return this;
  }

  /** Adds a branch under a name of its own. */
  public Parallel add(String name, Module branch) {
    branches.put(name, child(name, branch));
    return this;
  }

  /**
   * {@inheritDoc}
   *
   * @throws ShapeException if there are no branches or their outputs do not go together
   */
  @Override
  public Tensor forward(Tensor x, Mode mode) {
    return recorded(x, () -> joined(x, mode));
  }

  private Tensor joined(Tensor x, Mode mode) {
    List<Tensor> outputs = new ArrayList<>();
    for (Map.Entry<String, Module> branch : branches.entrySet()) {
      Tensor output = branch.getValue().pass(x, mode);
      int rank = output.shape().rank();
      if (!sum && (axis >= rank || axis < -rank)) {
        throw x.trace()
            .failure(
                "parallel "
                    + path()
                    + (": " + branch.getKey() + " gives " + output.shape())
                    + (", which has no axis " + axis));
      }
      if (!outputs.isEmpty() && !fits(outputs.get(0).shape(), output.shape())) {
        throw x.trace()
            .failure(
                "parallel "
                    + path()
                    + (": " + branches.keySet().iterator().next())
                    + (" gives " + outputs.get(0).shape())
                    + (", " + branch.getKey() + " gives " + output.shape())
                    + (sum ? "; a sum needs" : "; concat along axis " + axis + " needs")
                    + (sum ? " equal shapes" : " the other extents equal"));
      }
      outputs.add(output);
    }
    if (outputs.isEmpty()) {
      throw x.trace().failure("parallel " + path() + ": has no branches");
    }
    return sum ? outputs.stream().reduce(Tensor::add).orElseThrow() : Tensor.concat(axis, outputs);
  }

  private boolean fits(Shape first, Shape other) {
    if (sum) {
      return first.equals(other);
    }
    int along = first.axis(axis);
    return first.rank() == other.rank() && first.equals(other.with(along, first.dim(along)));
  }
}
