package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The buffers of values in the order in which an operation wants them.
 *
 * <p>The schedule's buffer of a value is plain. A value that lies in blocks has one of its own, and
 * the plain one is filled only if something asks for it. Steps that bring a value into another
 * order are added to the schedule where that is asked for.
 */
final class Images {
  private final Dnnl dnnl;
  private final int threads;
  private final Schedule<Step> schedule;
  private final ImageLayouts layouts;
  private final Set<Value> wanted = new HashSet<>();
  private final Map<Value, Buffer> blocked = new HashMap<>();
  private final Set<Value> filled = new HashSet<>();
  private Node node;

  /** The images of a program with some node. */
  Images(Dnnl dnnl, int threads, Schedule<Step> schedule, ImageLayouts layouts, Program program) {
    this.dnnl = dnnl;
    this.threads = threads;
    this.schedule = schedule;
    this.layouts = layouts;
    this.node = program.body().get(0);
    program.outputs().forEach(output -> wanted.add(output.value()));
    wanted.addAll(program.updates().values());
  }

  /** Begins a node: operands are made plain where it needs them so. */
  void begin(Node next) {
    node = next;
    if (!ImageLayouts.takesAny(next.op()) && !layouts.isBlocked(next)) {
      next.inputs().forEach(this::plain);
    }
  }

  /** Ends a node: results that outlive the program are made plain. */
  void end() {
    node.outputs().stream().filter(wanted::contains).forEach(this::plain);
  }

  /** The channels of a block if the node works in blocks, else 1. */
  int lanes() {
    return layouts.isBlocked(node) ? layouts.block() : 1;
  }

  /** The channels of a block if a value lies in blocks, else 1. */
  int lanes(Value value) {
    return isMoved(value) ? layouts.block() : 1;
  }

  /** The shape by which the node reads an operand or writes a result. */
  Shape order(Shape shape) {
    return layouts.isBlocked(node) ? layouts.order(shape) : shape;
  }

  /** The operands, in the order in which the node works; of a convolution as they are. */
  List<Buffer> operands() {
    if (ImageLayouts.takesAny(node.op())) {
      return results(node.inputs());
    }
    List<Buffer> buffers = new ArrayList<>();
    for (Value value : node.inputs()) {
      buffers.add(layouts.isBlocked(node) ? inBlocks(value) : plain(value));
    }
    return buffers;
  }

  /** Where the node writes. */
  List<Buffer> results() {
    return results(node.outputs());
  }

  private List<Buffer> results(List<Value> values) {
    return values.stream().map(this::result).toList();
  }

  private Buffer result(Value value) {
    return isMoved(value)
        ? blocked.computeIfAbsent(value, v -> schedule.scratch(v + " in blocks", v.spec().bytes()))
        : schedule.buffer(value);
  }

  private Buffer plain(Value value) {
    Buffer plain = schedule.buffer(value);
    if (isMoved(value) && filled.add(value)) {
      reorder(value, layouts.block(), result(value), plain);
    }
    return plain;
  }

  private Buffer inBlocks(Value value) {
    if (isMoved(value) || ImageLayouts.isSame(value.spec().shape())) {
      return result(value);
    }
    Buffer to = schedule.scratch(value + " in blocks", value.spec().bytes());
    reorder(value, 1, schedule.buffer(value), to);
    return to;
  }

  private void reorder(Value value, int lanes, Buffer from, Buffer to) {
    Shape shape = ImageLayouts.image(value.spec().shape());
    ReorderStep step =
        new ReorderStep(
            dnnl,
            "reorder " + value,
            shape,
            layouts.block(),
            lanes == 1,
            from,
            to,
            threads,
            schedule);
    List<Buffer> writes = new ArrayList<>(step.scratch());
    writes.add(to);
    schedule.add(step, node, List.of(from), writes);
  }

  /** Whether a value's elements lie in another order than in its plain buffer. */
  private boolean isMoved(Value value) {
    return layouts.isBlocked(value) && !ImageLayouts.isSame(value.spec().shape());
  }
}
