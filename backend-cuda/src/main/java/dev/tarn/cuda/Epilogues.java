package dev.tarn.cuda;

import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
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
import org.jspecify.annotations.Nullable;

/**
 * Which tapes are computed by the convolution before them on its results, in the kernel's
 * registers: a bias, an activation, the sum of a residual block, the mask of a ReLU's gradient.
 * Each saves that the convolution's result is written and read once.
 *
 * <p>Allowed where only that tape reads the result. The bits are those of two kernels. With the
 * property {@code tarn.epilogue=false} none are.
 */
final class Epilogues {
  private final Map<Node, Node> products = new IdentityHashMap<>();

  /**
   * Finds the tapes of a program that {@link #together} has ordered.
   *
   * @param keepAll whether every value is wanted in its buffer
   */
  Epilogues(Program program, ImageLayouts layouts, Schedule<Step> schedule, boolean keepAll) {
    Map<Node, Node> candidates = keepAll ? Map.of() : candidates(program);
    for (int i = 1; i < program.body().size(); i++) {
      Node tape = program.body().get(i);
      Node product = program.body().get(i - 1);
      if (candidates.get(tape) == product
          && layouts.isLast(tape) == layouts.isLast(product)
          && !overwrites(tape, product, schedule)) {
        products.put(tape, product);
      }
    }
  }

  /** The program with convolutions moved to right before the tapes that may be theirs. */
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

  /** The convolution that computes a tape, or null if the tape is a kernel of its own. */
  @Nullable Node product(Node tape) {
    return products.get(tape);
  }

  /** Whether a node is lowered with the tape after it. */
  boolean isPartOfTape(Node node) {
    return products.containsValue(node);
  }

  /** Tapes with the last convolution that only they read. */
  private static Map<Node, Node> candidates(Program program) {
    Map<Node, Node> candidates = new IdentityHashMap<>();
    if (isOff("tarn.epilogue") || isOff("tarn.fuse")) {
      return candidates;
    }
    Map<Value, Node> results = new HashMap<>();
    Map<Value, Integer> uses = new HashMap<>();
    program.outputs().forEach(output -> uses.merge(output.value(), 1, Integer::sum));
    program.updates().values().forEach(value -> uses.merge(value, 1, Integer::sum));
    for (Node node : program.body()) {
      node.inputs().forEach(value -> uses.merge(value, 1, Integer::sum));
      if (node.op() instanceof Conv2d || node.op() instanceof Conv2dGradInput) {
        results.put(node.output(), node);
      }
    }
    Map<Node, Integer> positions = new IdentityHashMap<>();
    for (Node node : program.body()) {
      positions.put(node, positions.size());
      if (!(node.op() instanceof Fused op) || op.shape().size() == 0) {
        continue;
      }
      for (int i = 0; i < node.inputs().size(); i++) {
        Node product = results.get(node.inputs().get(i));
        Node other = candidates.get(node);
        if (product != null
            && uses.getOrDefault(product.output(), 0) == 1
            && (other == null || position(positions, product) > position(positions, other))
            && EpilogueCompiler.takes(op, node.inputs().stream().map(Value::spec).toList(), i)) {
          candidates.put(node, product);
        }
      }
    }
    return candidates;
  }

  private static boolean isOff(String property) {
    return "false".equals(System.getProperty(property));
  }

  private static int position(Map<Node, Integer> positions, Node node) {
    return positions.getOrDefault(node, -1);
  }

  /** Whether the tape's results lie where the convolution's operands do: in a state's memory. */
  private static boolean overwrites(Node tape, Node product, Schedule<Step> schedule) {
    List<Buffer> read = schedule.buffers(product.inputs());
    return schedule.buffers(tape.outputs()).stream().anyMatch(read::contains);
  }
}
