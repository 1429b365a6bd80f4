package dev.tarn.cuda;

import dev.tarn.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * How an operand of an elementwise kernel is read when it is broadcast to the result's shape.
 *
 * @param form the function of {@code elementwise.cuh} that loads it
 * @param numbers the unsigned integers that this function takes, in order
 */
record Operand(Form form, List<Integer> numbers) {

  /** What the operand's element depends on, for element {@code i} of the result. */
  enum Form {
    /** {@code i}. */
    FULL("load_full"),
    /** Nothing. */
    SCALAR("load_scalar"),
    /** {@code i mod period}. */
    ROW("load_row"),
    /** {@code i mod period}, the period a multiple of the width. */
    ROW_ALIGNED("load_row_aligned"),
    /** {@code i / inner}. */
    COLUMN("load_column"),
    /** {@code i / inner}, inner a multiple of the width. */
    COLUMN_ALIGNED("load_column_aligned"),
    /** {@code i / inner mod period}. */
    MIDDLE("load_middle"),
    /** Any: takes the extents of groups of axes, of which the last does not repeat. */
    GENERAL("load_general");

    private final String function;

    Form(String function) {
      this.function = function;
    }

    /** The name of the loading function. */
    String function() {
      return function;
    }
  }

  /** Neighbouring axes of the result along all of which the operand repeats, or along none. */
  private record Group(int extent, boolean repeats) {}

  /**
   * How an operand of a shape is read when it is broadcast to another.
   *
   * @param width how many elements a thread reads
   */
  static Operand of(Shape shape, Shape target, int width) {
    List<Group> groups = groups(shape, target);
    int count = groups.size();
    if (groups.stream().allMatch(Group::repeats)) {
      return new Operand(Form.SCALAR, List.of());
    }
    int last = groups.get(count - 1).extent();
    if (count == 1) {
      return new Operand(Form.FULL, List.of());
    }
    if (count == 2) {
      boolean row = groups.get(0).repeats();
      boolean aligned = last % width == 0;
      return row
          ? new Operand(aligned ? Form.ROW_ALIGNED : Form.ROW, List.of(last))
          : new Operand(aligned ? Form.COLUMN_ALIGNED : Form.COLUMN, List.of(last));
    }
    if (count == 3 && groups.get(0).repeats()) {
      return new Operand(Form.MIDDLE, List.of(last, groups.get(1).extent()));
    }
    List<Integer> extents = new ArrayList<>(groups.stream().map(Group::extent).toList());
    if (groups.get(count - 1).repeats()) {
      extents.add(1);
    }
    return new Operand(Form.GENERAL, List.copyOf(extents));
  }

  private static List<Group> groups(Shape shape, Shape target) {
    int[] strides = shape.broadcastStrides(target);
    List<Group> groups = new ArrayList<>();
    for (int axis = 0; axis < strides.length; axis++) {
      int extent = target.dim(axis);
      if (extent == 1) {
        continue;
      }
      boolean repeats = strides[axis] == 0;
      int previous = groups.size() - 1;
      if (previous >= 0 && groups.get(previous).repeats() == repeats) {
        groups.set(previous, new Group(groups.get(previous).extent() * extent, repeats));
      } else {
        groups.add(new Group(extent, repeats));
      }
    }
    return groups;
  }
}
