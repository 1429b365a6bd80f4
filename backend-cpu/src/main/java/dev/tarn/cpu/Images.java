package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.ImageOrder;
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
 * <p>The schedule's buffer of a value is plain. A value that has its channels last has one of its
 * own, and the plain one is filled only if something asks for it. Steps that bring a value into
 * another order are added to the schedule where that is asked for.
 */
final class Images {
  private final Dnnl dnnl;
  private final int threads;
  private final Schedule<Step> schedule;
  private final ImageLayouts layouts;
  private final Set<Value> wanted = new HashSet<>();
  private final Map<Value, Buffer> moved = new HashMap<>();
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
    if (!ImageLayouts.takesAny(next.op()) && !layouts.isLast(next)) {
      next.inputs().forEach(this::plain);
    }
  }

  /** Ends a node: results that outlive the program are made plain. */
  void end() {
    node.outputs().stream().filter(wanted::contains).forEach(this::plain);
  }

  /** Whether the node works on images with their channels last. */
  boolean areLast() {
    return layouts.isLast(node);
  }

  /** Whether a value's elements lie in another order than in its plain buffer. */
  boolean isMoved(Value value) {
    return layouts.isLast(value) && !ImageOrder.isSame(value.spec().shape());
  }

  /** The shape by which the node reads an operand or writes a result. */
  Shape order(Shape shape) {
    return areLast() ? ImageOrder.order(shape) : shape;
  }

  /** The operands, in the order in which the node works; of a convolution as they are. */
  List<Buffer> operands() {
    if (ImageLayouts.takesAny(node.op())) {
      return results(node.inputs());
    }
    List<Buffer> buffers = new ArrayList<>();
    for (Value value : node.inputs()) {
      buffers.add(areLast() ? last(value) : plain(value));
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
        ? moved.computeIfAbsent(
            value, v -> schedule.scratch(v + " channels last", v.spec().bytes()))
        : schedule.buffer(value);
  }

  private Buffer plain(Value value) {
    Buffer plain = schedule.buffer(value);
    if (isMoved(value) && filled.add(value)) {
      reorder(value, false, result(value), plain);
    }
    return plain;
  }

  private Buffer last(Value value) {
    if (isMoved(value) || ImageOrder.isSame(value.spec().shape())) {
      return result(value);
    }
    Buffer to = schedule.scratch(value + " channels last", value.spec().bytes());
    reorder(value, true, schedule.buffer(value), to);
    return to;
  }

  private void reorder(Value value, boolean toLast, Buffer from, Buffer to) {
    Shape shape = ImageOrder.image(value.spec().shape());
    ReorderStep step =
        new ReorderStep(dnnl, "reorder " + value, shape, toLast, from, to, threads, schedule);
    List<Buffer> writes = new ArrayList<>(step.scratch());
    writes.add(to);
    schedule.add(step, node, List.of(from), writes);
  }
}
