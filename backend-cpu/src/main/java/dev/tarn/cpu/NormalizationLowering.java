package dev.tarn.cpu;

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
 * <p>Two kinds of tapes are absorbed, each of which would go over the image once more. If only a
 * ReLU follows a normalization, or an addition and a ReLU, the pass that normalizes is put off
 * until then and gives their result. If what a gradient is given is only masked by a ReLU without
 * addition, its passes compute the mask again: with the operations that the ReLU's operand was
 * computed by, so that it is the same to the last bit.
 */
final class NormalizationLowering {
  /** A gradient that is masked: by which input of the tape it is given, and whose ReLU it is. */
  private record Masked(Node norm, int gradient) {}

  private final int threads;
  private final Schedule<Step> schedule;
  private final ImageLayouts layouts;
  private final Map<Value, List<Node>> users = new HashMap<>();
  private final Set<Value> kept = new HashSet<>();

  /** The normalization of each tape that a ReLU ends. */
  private final Map<Node, Node> rectifying = new HashMap<>();

  /** The normalization whose ReLU, and nothing else, gives a value. */
  private final Map<Value, Node> rectified = new HashMap<>();

  private final Map<Node, Masked> masking = new HashMap<>();
  private final Map<Node, ChannelsLastStep.Normalization> lowered = new HashMap<>();

  /** The normalization and the buffer of what is masked, by the value that the mask gives. */
  private final Map<Value, Node> maskedBy = new HashMap<>();

  private final Map<Value, Buffer> unmasked = new HashMap<>();

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
    program.body().stream().filter(node -> node.op() instanceof Fused).forEach(this::findMask);
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
    if (tape.inputs().size() == 1) {
      rectified.put(tape.output(), norm);
    }
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

  /** Finds {@code select (greater r 0) g 0} with a ReLU's result r, for one gradient only. */
  private void findMask(Node tape) {
    Fused op = (Fused) tape.op();
    if (!layouts.isLast(tape) || !sameSpecs(tape)) {
      return;
    }
    Node gradient = onlyUser(tape.output());
    Fused.Apply select = apply(op, op.results().get(0), Kind.SELECT);
    if (gradient == null
        || !(gradient.op() instanceof BatchNormGrad)
        || gradient.inputs().get(4) != tape.output()
        || select == null
        || !isZero(op, select.operands().get(2))) {
      return;
    }
    Fused.Apply greater = apply(op, select.operands().get(0), Kind.GREATER);
    if (greater == null
        || !isZero(op, greater.operands().get(1))
        || !(op.tape().get(greater.operands().get(0)) instanceof Fused.Load result)
        || !(op.tape().get(select.operands().get(1)) instanceof Fused.Load given)) {
      return;
    }
    Node norm = rectified.get(tape.inputs().get(result.input()));
    if (norm != null && norm.inputs().get(0) == gradient.inputs().get(0)) {
      masking.put(tape, new Masked(norm, given.input()));
    }
  }

  private static boolean isZero(Fused op, int register) {
    return op.tape().get(register) instanceof Fused.Immediate zero && zero.value() == 0;
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

  /** Adds what is to be done for a tape if it is absorbed; otherwise returns false. */
  boolean absorbs(Node tape, List<Buffer> from, Buffer to) {
    Node norm = rectifying.get(tape);
    Masked masked = masking.get(tape);
    if (masked != null) {
      maskedBy.put(tape.output(), masked.norm);
      unmasked.put(tape.output(), from.get(masked.gradient));
    } else if (norm != null) {
      int other = 1 - tape.inputs().indexOf(norm.outputs().get(0));
      Buffer skip = from.size() > 1 ? from.get(other) : null;
      add(normalization(norm).normalize(skip, true, to), tape);
    }
    return masked != null || norm != null;
  }

  /** Adds the passes of a gradient. */
  Schedule<Step> backward(Node node, BatchNormGrad op, List<Buffer> from, List<Buffer> to) {
    Value dy = node.inputs().get(4);
    Node norm = maskedBy.get(dy);
    List<Buffer> operands = new ArrayList<>(from);
    operands.set(4, unmasked.getOrDefault(dy, from.get(4)));
    List<ChannelsLastStep> passes =
        norm != null
            ? normalization(norm).gradient(operands, to)
            : ChannelsLastStep.gradient(
                node.inputs().get(0).spec().shape(), op.epsilon(), null, operands, to, threads);
    passes.forEach(step -> add(step, node));
    return schedule;
  }

  private ChannelsLastStep.Normalization normalization(Node node) {
    ChannelsLastStep.Normalization norm = lowered.get(node);
    if (norm == null) {
      throw new IllegalStateException("not lowered yet: " + node);
    }
    return norm;
  }

  private void add(ChannelsLastStep step, Node node) {
    schedule.add(step, node, step.reads(), step.writes());
  }
}
