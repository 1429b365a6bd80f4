package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import dev.tarn.ir.Reduce;
import java.util.ArrayList;
import java.util.List;

/** Turns a reduction into passes over {@code [outer, reduced, inner]}. */
final class ReduceLowering {
  private final Schedule<Step> schedule;
  private final Node node;
  private final int threads;

  ReduceLowering(Schedule<Step> schedule, Node node, int threads) {
    this.schedule = schedule;
    this.node = node;
    this.threads = threads;
  }

  Schedule<Step> lower(Reduce op) {
    Buffer source = schedule.buffer(node.inputs().get(0));
    Shape shape = node.inputs().get(0).spec().shape();
    List<Integer> axes = new ArrayList<>(op.axes());
    // Axes that are not neighbours are reduced one after another, the last first.
    while (op.asThreeAxes(shape) == null) {
      int axis = axes.remove(axes.size() - 1);
      if (shape.dim(axis) == 1) {
        continue;
      }
      Reduce one = new Reduce(op.kind(), List.of(axis));
      Shape next = shape.with(axis, 1);
      Buffer scratch = schedule.scratch(op.name() + " " + node.output(), 4 * next.size());
      reduce(one, shape, source, scratch);
      source = scratch;
      shape = next;
    }
    return reduce(op, shape, source, schedule.buffer(node.output()));
  }

  private Schedule<Step> reduce(Reduce op, Shape shape, Buffer source, Buffer target) {
    int[] three = op.asThreeAxes(shape);
    if (three == null) {
      throw new IllegalStateException(op + " of " + shape + " has no three axes");
    }
    Step step = new ReduceStep(op.kind(), three, source, target, threads);
    schedule.add(step, node, List.of(source), List.of(target));
    return schedule;
  }
}
