package dev.tarn.cuda;

import dev.tarn.Spec;
import dev.tarn.backend.Debug;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramVerifier;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which tapes are computed by the convolution or the batch normalization before them on its
 * results, in the kernel's registers: a bias, an activation, the sum of a residual block, the mask
 * of a ReLU's gradient. Each saves that the result is written and read once.
 *
 * <p>Allowed where only that tape reads the result. The bits are those of two kernels. With the
 * property {@code tarn.epilogue=false} none are.
 */
final class Epilogues {
  /** Set to {@code false}, every tape is a kernel of its own. */
  static final String PROPERTY = "tarn.epilogue";

  private final Map<Node, Node> products = new IdentityHashMap<>();

  /**
   * Finds the tapes of a program that {@link #together} has ordered.
   *
   * @param keepAll whether every value is wanted in its buffer
   */
  Epilogues(
      Program program,
      ImageLayouts layouts,
      Schedule<Step> schedule,
      CudaStateStore store,
      boolean keepAll) {
    Map<Node, Node> candidates = keepAll ? Map.of() : candidates(program);
    for (int i = 1; i < program.body().size(); i++) {
      Node tape = program.body().get(i);
      Node product = program.body().get(i - 1);
      if (candidates.get(tape) == product
          && layouts.isLast(tape) == layouts.isLast(product)
          && !store.overlap(schedule.buffers(tape.outputs()), schedule.buffers(product.inputs()))) {
        products.put(tape, product);
      }
    }
  }

  /** The program with such nodes moved to right before the tapes that may be theirs. */
  static Program together(Program program) {
    Map<Node, Node> candidates = candidates(program);
    Set<Node> moved = Collections.newSetFromMap(new IdentityHashMap<>());
    moved.addAll(candidates.values());
    List<Node> body = new ArrayList<>();
    for (Node node : program.body()) {
      Node product = candidates.get(node);
      if (product != null) {
        body.add(product);
      }
      if (!moved.contains(node)) {
        body.add(node);
      }
    }
    return ProgramVerifier.verify(program.withBody(body));
  }

  /** The tapes of a program that may be computed by the node before them. */
  static Set<Node> tapes(Program program) {
    return candidates(program).keySet();
  }

  /** The node that computes a tape, or null if the tape is a kernel of its own. */
  @Nullable Node product(Node tape) {
    return products.get(tape);
  }

  /** Whether a node is lowered with the tape after it. */
  boolean isPartOfTape(Node node) {
    return products.containsValue(node);
  }

  /** Tapes with the last node of the kind whose result only they read. */
  private static Map<Node, Node> candidates(Program program) {
    Map<Node, Node> candidates = new IdentityHashMap<>();
    if (areOff()) {
      return candidates;
    }
    Map<Value, Node> results = new HashMap<>();
    Map<Value, Integer> uses = new HashMap<>();
    Map<Value, Integer> firstUse = new HashMap<>();
    program.outputs().forEach(output -> uses.merge(output.value(), 1, Integer::sum));
    program.updates().values().forEach(value -> uses.merge(value, 1, Integer::sum));
    for (int i = 0; i < program.body().size(); i++) {
      Node node = program.body().get(i);
      for (Value input : node.inputs()) {
        uses.merge(input, 1, Integer::sum);
        firstUse.putIfAbsent(input, i);
      }
      if (hasEpilogue(node)) {
        results.put(node.outputs().get(0), node);
      }
    }
    for (int i = 0; i < program.body().size(); i++) {
      Node tape = program.body().get(i);
      if (!(tape.op() instanceof Fused op) || op.shape().size() == 0) {
        continue;
      }
      List<Spec> specs = tape.inputs().stream().map(Value::spec).toList();
      for (int input = 0; input < specs.size(); input++) {
        Node product = results.get(tape.inputs().get(input));
        if (product != null
            && uses.getOrDefault(tape.inputs().get(input), 0) == 1
            && product.outputs().stream().noneMatch(isBefore(firstUse, i))
            && EpilogueCompiler.takes(op, specs, input)) {
          candidates.merge(tape, product, (a, b) -> isLater(program, a, b) ? a : b);
        }
      }
    }
    return candidates;
  }

  private static boolean hasEpilogue(Node node) {
    return node.op() instanceof Conv2d
        || node.op() instanceof Conv2dGradInput
        || node.op() instanceof BatchNorm;
  }

  private static Predicate<Value> isBefore(Map<Value, Integer> firstUse, int index) {
    return value -> firstUse.getOrDefault(value, index) < index;
  }

  private static boolean isLater(Program program, Node a, Node b) {
    return program.body().indexOf(a) > program.body().indexOf(b);
  }

  /** Whether every kernel keeps to its own node. */
  static boolean areOff() {
    return Debug.isOff(PROPERTY) || Debug.isOff("tarn.fuse");
  }
}
