package dev.tarn.cuda;

import dev.tarn.Spec;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Debug;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramVerifier;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Which small tapes are one launch, because they are the same tape on different values and none
 * needs another's result: the running statistics of all layers, the casts of all weights to bf16.
 *
 * <p>The bits are those of kernels apart. With the property {@code tarn.batches=false} there are
 * none.
 */
final class TapeBatches {
  /** Set to {@code false}, every tape is a launch of its own. */
  static final String PROPERTY = "tarn.batches";

  /**
   * Larger results take longer than a launch; and since a tape moves up to the first of its batch,
   * its result takes memory for longer.
   */
  private static final long MOST_BYTES = 2 << 20;

  /** The results of a batch, in all. */
  private static final long MOST_TOGETHER = 16 << 20;

  private final Map<Node, List<Node>> batches = new IdentityHashMap<>();

  /**
   * Finds the batches of a program that {@link #together} has ordered.
   *
   * @param keepAll whether every value is wanted in its buffer
   */
  TapeBatches(
      Program program,
      ImageLayouts layouts,
      Schedule<Step> schedule,
      CudaStateStore store,
      boolean keepAll) {
    Set<Node> candidates = keepAll ? Set.of() : candidates(program);
    List<Node> batch = new ArrayList<>();
    String kernel = "";
    for (Node node : program.body()) {
      boolean takes = candidates.contains(node) && !layouts.isLast(node);
      String own = takes ? source(node).name() : "";
      boolean joins =
          takes
              && own.equals(kernel)
              && batch.stream().noneMatch(other -> conflict(node, other, schedule, store));
      if (!joins) {
        end(batch);
        batch = new ArrayList<>();
      }
      kernel = own;
      if (takes) {
        batch.add(node);
      }
    }
    end(batch);
  }

  private void end(List<Node> batch) {
    if (batch.size() > 1) {
      batch.forEach(node -> batches.put(node, List.of()));
      batches.put(batch.get(0), List.copyOf(batch));
    }
  }

  /** The program with such tapes side by side. */
  static Program together(Program program) {
    Set<Node> candidates = candidates(program);
    Map<Value, Integer> madeAt = new HashMap<>();
    Map<Node, List<Node>> groups = new LinkedHashMap<>();
    Map<String, List<Node>> firsts = new HashMap<>();
    Map<Node, Long> bytes = new IdentityHashMap<>();
    Map<Node, Integer> places = new IdentityHashMap<>();
    for (int i = 0; i < program.body().size(); i++) {
      Node node = program.body().get(i);
      Node to = node;
      if (candidates.contains(node)) {
        List<Node> same = firsts.computeIfAbsent(source(node).name(), name -> new ArrayList<>());
        long own = bytes(node);
        int made = lastMade(node, madeAt);
        Node joined =
            same.stream()
                .filter(
                    first ->
                        Objects.requireNonNull(places.get(first)) > made
                            && Objects.requireNonNull(bytes.get(first)) + own <= MOST_TOGETHER)
                .findFirst()
                .orElse(null);
        if (joined == null) {
          same.add(node);
        } else {
          to = joined;
        }
        bytes.merge(to, own, Long::sum);
      }
      groups.computeIfAbsent(to, key -> new ArrayList<>()).add(node);
      int place = to == node ? i : Objects.requireNonNull(places.get(to));
      places.put(node, place);
      node.outputs().forEach(value -> madeAt.put(value, place));
    }
    List<Node> body = new ArrayList<>();
    groups.values().forEach(body::addAll);
    return ProgramVerifier.verify(program.withBody(body));
  }

  private static int lastMade(Node node, Map<Value, Integer> madeAt) {
    return node.inputs().stream()
        .mapToInt(value -> madeAt.getOrDefault(value, -1))
        .max()
        .orElse(-1);
  }

  private static long bytes(Node tape) {
    return tape.outputs().stream().mapToLong(value -> value.spec().bytes()).sum();
  }

  /** The tapes that are launched where a tape stands: itself, with others, or none. */
  List<Node> of(Node tape) {
    return batches.getOrDefault(tape, List.of(tape));
  }

  /** The kernel of a tape whose values are plain. */
  static TapeSource source(Node tape) {
    List<Spec> inputs = tape.inputs().stream().map(Value::spec).toList();
    return TapeCompiler.compile((Fused) tape.op(), inputs, false);
  }

  private static Set<Node> candidates(Program program) {
    Set<Node> candidates = Collections.newSetFromMap(new IdentityHashMap<>());
    if (Debug.isOff(PROPERTY)) {
      return candidates;
    }
    Set<Node> others = Collections.newSetFromMap(new IdentityHashMap<>());
    others.addAll(Epilogues.tapes(program));
    others.addAll(TapeSums.tapes(program));
    for (Node node : program.body()) {
      if (node.op() instanceof Fused op
          && op.shape().size() > 0
          && !others.contains(node)
          && bytes(node) <= MOST_BYTES) {
        candidates.add(node);
      }
    }
    return candidates;
  }

  /** Whether one of two nodes writes what the other reads or writes: in a state's memory. */
  private static boolean conflict(Node a, Node b, Schedule<Step> schedule, CudaStateStore store) {
    List<Buffer> writtenByA = schedule.buffers(a.outputs());
    List<Buffer> writtenByB = schedule.buffers(b.outputs());
    return store.overlap(writtenByA, schedule.buffers(b.inputs()))
        || store.overlap(writtenByB, schedule.buffers(a.inputs()))
        || store.overlap(writtenByA, writtenByB);
  }
}
