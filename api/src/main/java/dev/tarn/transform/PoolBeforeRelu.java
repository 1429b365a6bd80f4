package dev.tarn.transform;

import dev.tarn.DType;
import dev.tarn.ir.Constant;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Node;
import dev.tarn.ir.Op;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramVerifier;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes the maximum of each window before the ReLU instead of after it, which leaves a fraction of
 * the elements to the ReLU and its gradient; runs after {@link Simplify}.
 *
 * <p>{@code max_pool(relu(x)) = relu(max_pool(x))}, NaN included, for a ReLU keeps the order of its
 * operands. The same elements get a gradient: where a window's maximum is positive it is the same
 * element of either image, elsewhere the ReLU's gradient is zero. Sums of a maximum's gradient over
 * whole images are sums over its windows instead, each of which gives what it has to one element;
 * these alone differ, in how they round.
 */
public final class PoolBeforeRelu {
  private final Map<Value, Node> producers = new HashMap<>();
  private final Map<Value, List<Node>> users = new HashMap<>();
  private final Set<Value> kept = new HashSet<>();
  private int nextId;

  /** What takes the place of a node; nothing where it is not needed any more. */
  private final Map<Node, List<Node>> replaced = new HashMap<>();

  private PoolBeforeRelu(Program program) {
    program.outputs().forEach(output -> kept.add(output.value()));
    kept.addAll(program.updates().values());
    program.inputs().forEach(input -> nextId = Math.max(nextId, input.value().id() + 1));
    program.states().values().forEach(value -> nextId = Math.max(nextId, value.id() + 1));
    for (Node node : program.body()) {
      for (Value output : node.outputs()) {
        producers.put(output, node);
        nextId = Math.max(nextId, output.id() + 1);
      }
      for (Value input : new HashSet<>(node.inputs())) {
        users.computeIfAbsent(input, v -> new ArrayList<>()).add(node);
      }
    }
  }

  /** The program with maxima taken first. */
  public static Program apply(Program program) {
    if (program.body().stream().noneMatch(node -> isMaximum(node.op()))) {
      return program;
    }
    return ProgramVerifier.verify(sums(new PoolBeforeRelu(program).run(program)));
  }

  private Program run(Program program) {
    program.body().stream().filter(node -> isKind(node, Elementwise.Kind.RELU)).forEach(this::swap);
    List<Node> body = new ArrayList<>();
    for (Node node : program.body()) {
      body.addAll(replaced.getOrDefault(node, List.of(node)));
    }
    return program.withBody(body);
  }

  /** The nodes that are rewritten with a ReLU: its pooling, and gradients with what masks them. */
  private record Uses(Node pool, List<Node> gradients, List<Node> masks, List<Node> selects) {}

  private void swap(Node relu) {
    Uses uses = usesOf(relu);
    if (uses == null) {
      return;
    }
    Value x = relu.inputs().get(0);
    Node pool = uses.pool;
    Value largest = value(pool.output());
    replaced.put(relu, List.of());
    replaced.put(
        pool,
        List.of(
            new Node(pool.op(), List.of(x), List.of(largest), pool.origin()),
            new Node(relu.op(), List.of(largest), List.of(pool.output()), relu.origin())));
    uses.masks.forEach(mask -> replaced.put(mask, List.of()));
    uses.gradients.forEach(gradient -> replaced.put(gradient, List.of()));
    for (Node select : uses.selects) {
      Node mask = producer(select.inputs().get(0));
      Node gradient = producer(select.inputs().get(1));
      Value zero = select.inputs().get(2);
      Value dy = gradient.inputs().get(1);
      Value positive = value(pool.output());
      Value masked = value(dy);
      replaced.put(
          select,
          List.of(
              new Node(mask.op(), List.of(pool.output(), zero), List.of(positive), mask.origin()),
              new Node(select.op(), List.of(positive, dy, zero), List.of(masked), select.origin()),
              new Node(gradient.op(), List.of(x, masked), select.outputs(), gradient.origin())));
    }
  }

  /** Null if the ReLU is used for anything but the maxima and their gradient. */
  private @Nullable Uses usesOf(Node relu) {
    Value r = relu.output();
    if (kept.contains(r) || r.spec().dtype() != DType.F32) {
      return null;
    }
    Uses uses = new Uses(relu, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    List<Node> pools = new ArrayList<>();
    for (Node user : users(r)) {
      if (isMaximum(user.op())) {
        pools.add(user);
      } else if (user.op() instanceof Pool2dGrad && !user.inputs().get(1).equals(r)) {
        uses.gradients.add(user);
      } else if (isKind(user, Elementwise.Kind.GREATER) && isZero(user.inputs().get(1))) {
        uses.masks.add(user);
      } else {
        return null;
      }
    }
    if (pools.size() != 1
        || !isMasked(uses.gradients, uses, pools.get(0))
        || !isMasked(uses.masks, uses, pools.get(0))) {
      return null;
    }
    return new Uses(pools.get(0), uses.gradients, uses.masks, uses.selects);
  }

  /** Whether nodes only serve to choose between a gradient of this pooling and zero. */
  private boolean isMasked(Collection<Node> nodes, Uses uses, Node pool) {
    for (Node node : nodes) {
      if (kept.contains(node.output())
          || (node.op() instanceof Pool2dGrad grad && !grad.pool().equals(pool.op()))) {
        return false;
      }
      for (Node user : users(node.output())) {
        if (!isKind(user, Elementwise.Kind.SELECT)
            || !uses.masks.contains(producers.get(user.inputs().get(0)))
            || !uses.gradients.contains(producers.get(user.inputs().get(1)))
            || !isZero(user.inputs().get(2))) {
          return false;
        }
        if (!uses.selects.contains(user)) {
          uses.selects.add(user);
        }
      }
    }
    return true;
  }

  /** Sums over whole images of what maxima's gradients give. */
  private static Program sums(Program program) {
    Map<Value, Value> given = new HashMap<>();
    List<Node> body = new ArrayList<>();
    for (Node node : program.body()) {
      if (node.op() instanceof Pool2dGrad grad && isMaximum(grad.pool())) {
        given.put(node.output(), node.inputs().get(1));
      }
      Value dy = node.inputs().isEmpty() ? null : given.get(node.inputs().get(0));
      boolean sums =
          dy != null
              && node.op() instanceof Reduce reduce
              && reduce.kind() == Reduce.Kind.SUM
              && reduce.axes().containsAll(List.of(2, 3));
      body.add(sums ? new Node(node.op(), List.of(dy), node.outputs(), node.origin()) : node);
    }
    return program.withBody(body);
  }

  private static boolean isMaximum(Op op) {
    return op instanceof Pool2d pool && pool.kind() == Pool2d.Kind.MAX;
  }

  private static boolean isKind(@Nullable Node node, Elementwise.Kind kind) {
    return node != null && node.op() instanceof Elementwise op && op.kind() == kind;
  }

  private boolean isZero(Value value) {
    Node producer = producers.get(value);
    return producer != null
        && producer.op() instanceof Constant constant
        && constant.data().size() == 1
        && constant.data().spec().shape().rank() == 0
        && constant.data().get(0) == 0;
  }

  private List<Node> users(Value value) {
    return users.getOrDefault(value, List.of());
  }

  private Node producer(Value value) {
    Node node = producers.get(value);
    if (node == null) {
      throw new IllegalStateException("nothing makes " + value);
    }
    return node;
  }

  private Value value(Value like) {
    return new Value(nextId++, like.spec());
  }
}
