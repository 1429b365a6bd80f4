package dev.tarn.cuda;

import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.backend.Debug;
import dev.tarn.backend.ImageOrder;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramVerifier;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which sums are taken by the tape whose result they add up, as the gradient of a bias is: the
 * result is not read again, and where only the sum reads it not even stored.
 *
 * <p>A sum's bits depend on its shape, and on whether it is taken here. With the property {@code
 * tarn.sums=false} none are.
 */
final class TapeSums {
  /** Set to {@code false}, every reduction is a kernel of its own. */
  static final String PROPERTY = "tarn.sums";

  /** Longer tapes with more operands and results stay apart: their threads are fewer, and large. */
  private static final int MOST_INSTRUCTIONS = 24;

  private static final int MOST_OPERANDS = 6;

  /** The sum of a tape: its node, its place among the tape's results, and how it is taken. */
  record Sum(Node node, int result, boolean stored, TapeSum how) {}

  private final Map<Node, Sum> sums = new IdentityHashMap<>();
  private final Set<Node> taken = Collections.newSetFromMap(new IdentityHashMap<>());

  /**
   * Finds the sums of a program that {@link #together} has ordered.
   *
   * @param keepAll whether every value is wanted in its buffer
   */
  TapeSums(
      Program program,
      ImageLayouts layouts,
      Epilogues epilogues,
      Schedule<Step> schedule,
      CudaStateStore store,
      boolean keepAll) {
    Map<Node, Node> candidates = keepAll ? Map.of() : candidates(program);
    Map<Value, Integer> uses = uses(program);
    for (int i = 0; i + 1 < program.body().size(); i++) {
      Node tape = program.body().get(i);
      Node node = program.body().get(i + 1);
      if (candidates.get(tape) != node
          || epilogues.product(tape) != null
          || layouts.isLast(tape) != layouts.isLast(node)
          || store.overlap(schedule.buffers(node.outputs()), schedule.buffers(tape.inputs()))) {
        continue;
      }
      Value summed = node.inputs().get(0);
      TapeSum how = how(tape, (Reduce) node.op(), layouts.isLast(tape));
      if (how != null) {
        boolean stored = uses.getOrDefault(summed, 0) > 1;
        sums.put(tape, new Sum(node, tape.outputs().indexOf(summed), stored, how));
        taken.add(node);
      }
    }
  }

  /** The program with such sums moved to right after the tapes that may take them. */
  static Program together(Program program) {
    Map<Node, Node> candidates = candidates(program);
    Set<Node> moved = Collections.newSetFromMap(new IdentityHashMap<>());
    moved.addAll(candidates.values());
    List<Node> body = new ArrayList<>();
    for (Node node : program.body()) {
      if (!moved.contains(node)) {
        body.add(node);
      }
      Node sum = candidates.get(node);
      if (sum != null) {
        body.add(sum);
      }
    }
    return ProgramVerifier.verify(program.withBody(body));
  }

  /** The tapes of a program that may take a sum. */
  static Set<Node> tapes(Program program) {
    return candidates(program).keySet();
  }

  /** The sum that a tape takes, or null. */
  @Nullable Sum of(Node tape) {
    return sums.get(tape);
  }

  /** Whether a tape takes this sum. */
  boolean isPartOfTape(Node node) {
    return taken.contains(node);
  }

  /** Tapes, each with the first sum of one of its results. */
  private static Map<Node, Node> candidates(Program program) {
    Map<Node, Node> candidates = new IdentityHashMap<>();
    if (Debug.isOff(PROPERTY) || Debug.isOff("tarn.fuse")) {
      return candidates;
    }
    Map<Value, Node> results = new HashMap<>();
    for (Node node : program.body()) {
      if (node.op() instanceof Fused op && isShort(op)) {
        node.outputs().forEach(value -> results.put(value, node));
      }
      if (node.op() instanceof Reduce op && op.kind() == Reduce.Kind.SUM) {
        Node tape = results.get(node.inputs().get(0));
        if (tape != null && (how(tape, op, false) != null || how(tape, op, true) != null)) {
          candidates.putIfAbsent(tape, node);
        }
      }
    }
    return candidates;
  }

  private static boolean isShort(Fused op) {
    long operands = op.tape().stream().filter(Fused.Load.class::isInstance).count();
    return op.shape().size() > 0
        && op.tape().size() <= MOST_INSTRUCTIONS
        && operands + op.results().size() <= MOST_OPERANDS;
  }

  private static @Nullable TapeSum how(Node tape, Reduce op, boolean last) {
    Fused fused = (Fused) tape.op();
    Shape shape = fused.shape();
    if (last && shape.rank() != 4) {
      return null;
    }
    List<Spec> inputs = tape.inputs().stream().map(Value::spec).toList();
    int width = TapeCompiler.width(fused, inputs);
    return last
        ? TapeSum.of(
            ImageOrder.order(shape), op.axes().stream().map(ImageOrder::order).toList(), width)
        : TapeSum.of(shape, op.axes(), width);
  }

  private static Map<Value, Integer> uses(Program program) {
    Map<Value, Integer> uses = new HashMap<>();
    program.outputs().forEach(output -> uses.merge(output.value(), 1, Integer::sum));
    program.updates().values().forEach(value -> uses.merge(value, 1, Integer::sum));
    for (Node node : program.body()) {
      node.inputs().forEach(value -> uses.merge(value, 1, Integer::sum));
    }
    return uses;
  }
}
