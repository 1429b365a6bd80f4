package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Elementwise.Kind;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Adds the steps of batch normalizations of images with their channels last to a schedule.
 *
 * <p>If only a ReLU follows a normalization, or an addition and a ReLU, the pass that normalizes is
 * put off until then and gives their result, which saves going over the image once more. The mask
 * of the ReLU's gradient stays a tape: in the passes of the gradient it takes as long.
 */
final class NormalizationLowering {
  private final int threads;
  private final Schedule<Step> schedule;
  private final ImageLayouts layouts;
  private final Map<Value, List<Node>> users = new HashMap<>();
  private final Set<Value> kept = new HashSet<>();

  /** The normalization of each tape that a ReLU ends. */
  private final Map<Node, Node> rectifying = new HashMap<>();

  private final Map<Node, ChannelsLastStep.Normalization> lowered = new HashMap<>();

  /** Looks for the tapes of a program, which is to be lowered. */
  NormalizationLowering(
      int threads, Schedule<Step> schedule, ImageLayouts layouts, Program program) {
    this.threads = threads;
    this.schedule = schedule;
    this.layouts = layouts;
    program.outputs().forEach(output -> kept.add(output.value()));
    kept.addAll(program.updates().values());
    for (Node node : program.body()) {
      node.inputs().forEach(v -> users.computeIfAbsent(v, k -> new ArrayList<>()).add(node));
    }
    for (Node node : program.body()) {
      if (node.op() instanceof BatchNorm && layouts.isLast(node)) {
        findReLU(node);
      }
    }
  }

  /** The only node that reads a value, once, or null. */
  private @Nullable Node onlyUser(Value value) {
    List<Node> all = users.getOrDefault(value, List.of());
    return all.size() == 1 && !kept.contains(value) ? all.get(0) : null;
  }

  private void findReLU(Node norm) {
    Value y = norm.outputs().get(0);
    Node tape = onlyUser(y);
    if (tape == null
        || !(tape.op() instanceof Fused op)
        || !layouts.isLast(tape)
        || !sameSpecs(tape)
        || !endsInReLU(op)) {
      return;
    }
    rectifying.put(tape, norm);
  }

  private static boolean sameSpecs(Node tape) {
    return tape.outputs().size() == 1
        && tape.inputs().stream().allMatch(v -> v.spec().equals(tape.output().spec()));
  }

  /** Whether a tape is {@code relu a} or {@code relu (a + b)} of its inputs. */
  private static boolean endsInReLU(Fused op) {
    Fused.Apply relu = apply(op, op.results().get(0), Kind.RELU);
    if (relu == null) {
      return false;
    }
    int operand = relu.operands().get(0);
    if (op.tape().get(operand) instanceof Fused.Load) {
      return op.tape().size() == 2;
    }
    Fused.Apply add = apply(op, operand, Kind.ADD);
    return add != null
        && op.tape().size() == 4
        && add.operands().stream().allMatch(r -> op.tape().get(r) instanceof Fused.Load);
  }

  private static Fused.@Nullable Apply apply(Fused op, int register, Kind kind) {
    return op.tape().get(register) instanceof Fused.Apply apply && apply.kind() == kind
        ? apply
        : null;
  }

  /** Adds the passes of a normalization, all but the last if a tape gives the result. */
  Schedule<Step> forward(Node node, BatchNorm op, List<Buffer> from, List<Buffer> to) {
    ChannelsLastStep.Normalization norm =
        new ChannelsLastStep.Normalization(
            node.inputs().get(0).spec().shape(), op.epsilon(), from, threads);
    lowered.put(node, norm);
    norm.statistics(to.subList(1, 3)).forEach(step -> add(step, node));
    if (!rectifying.containsValue(node)) {
      add(norm.normalize(null, false, to.get(0)), node);
    }
    return schedule;
  }

  /**
   * Adds the last pass of the normalization that a tape follows; returns false if there is none.
   */
  boolean absorbs(Node tape, List<Buffer> from, Buffer to) {
    Node node = rectifying.get(tape);
    ChannelsLastStep.Normalization norm = node == null ? null : lowered.get(node);
    if (node == null || norm == null) {
      return false;
    }
    int other = 1 - tape.inputs().indexOf(node.outputs().get(0));
    Buffer skip = from.size() > 1 ? from.get(other) : null;
    add(norm.normalize(skip, true, to), tape);
    return true;
  }

  /** Adds the passes of a gradient. */
  Schedule<Step> backward(Node node, BatchNormGrad op, List<Buffer> from, List<Buffer> to) {
    Shape shape = node.inputs().get(0).spec().shape();
    ChannelsLastStep.gradient(shape, op.epsilon(), from, to, threads)
        .forEach(step -> add(step, node));
    return schedule;
  }

  private void add(ChannelsLastStep step, Node node) {
    schedule.add(step, node, step.reads(), step.writes());
    step.overwritable().forEach(read -> schedule.mayOverwrite(read, step.writes().get(0)));
  }
}
