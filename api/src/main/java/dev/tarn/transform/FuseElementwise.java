package dev.tarn.transform;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.ir.Broadcast;
import dev.tarn.ir.Cast;
import dev.tarn.ir.Constant;
import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.ProgramVerifier;
import dev.tarn.ir.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Turns elementwise operations, casts between floats, broadcasts and dropout masks into {@link
 * Fused} tapes.
 *
 * <p>Neighbours of one shape are joined into one tape where the program stays acyclic; a comparison
 * with a number joins its user rather than what it compares. Scalar constants become immediates.
 * After this pass a backend meets no plain elementwise node other than casts from or to i32, and
 * those it asked to keep.
 */
public final class FuseElementwise {
  private static final int MAX_INSTRUCTIONS = 64;
  private static final int MAX_LOADS = 24;

  /** Nodes that become one. */
  private static final class Cluster {
    final List<Node> nodes = new ArrayList<>();
    final Set<Cluster> before = new LinkedHashSet<>();
    final Set<Cluster> after = new LinkedHashSet<>();
    final @Nullable Shape shape;
    int last;

    Cluster(Node node, int index, @Nullable Shape shape) {
      nodes.add(node);
      this.last = index;
      this.shape = shape;
    }
  }

  private final Program program;
  private final Map<Value, Node> producers = new HashMap<>();
  private final Map<Node, Cluster> clusters = new IdentityHashMap<>();
  private final Map<Node, Integer> positions = new IdentityHashMap<>();
  private final Predicate<Node> keep;

  private FuseElementwise(Program program, Predicate<Node> keep) {
    this.program = program;
    this.keep = keep;
  }

  /**
   * The program with elementwise work in tapes.
   *
   * @param join whether to join neighbours; otherwise each node becomes a tape of its own
   * @param keep nodes that stay as they are
   */
  public static Program apply(Program program, boolean join, Predicate<Node> keep) {
    return ProgramVerifier.verify(new FuseElementwise(program, keep).run(join));
  }

  private Program run(boolean join) {
    List<Node> body = program.body();
    for (int i = 0; i < body.size(); i++) {
      Node node = body.get(i);
      positions.put(node, i);
      node.outputs().forEach(value -> producers.put(value, node));
      Cluster cluster = new Cluster(node, i, fusible(node) ? node.output().spec().shape() : null);
      clusters.put(node, cluster);
      for (Value input : node.inputs()) {
        Node producer = producers.get(input);
        if (producer != null) {
          link(clusterOf(producer), cluster);
        }
      }
    }
    if (join) {
      joinComparisons();
      for (Node node : body) {
        for (Value input : node.inputs()) {
          Node producer = producers.get(input);
          if (producer != null) {
            joinIfLegal(clusterOf(producer), clusterOf(node));
          }
        }
      }
    }
    List<Node> result = new ArrayList<>();
    Map<Value, List<Node>> users = users();
    for (Cluster cluster : inOrder()) {
      result.add(
          cluster.shape == null ? cluster.nodes.get(0) : new TapeBuilder(users).build(cluster));
    }
    return dropUnusedConstants(program.withBody(result));
  }

  /**
   * Joins comparisons with what chooses by them before they can join what makes their operands: the
   * gradient of a ReLU then reads the result, which is there, instead of a mask that is written for
   * it.
   */
  private void joinComparisons() {
    for (Node node : program.body()) {
      if (node.op() instanceof Elementwise op && op.kind() == Elementwise.Kind.SELECT) {
        Node mask = producers.get(node.inputs().get(0));
        if (mask != null && mask.op() instanceof Elementwise) {
          joinIfLegal(clusterOf(mask), clusterOf(node));
        }
      }
    }
  }

  private Cluster clusterOf(Node node) {
    Cluster cluster = clusters.get(node);
    if (cluster == null) {
      throw new IllegalStateException("no cluster for " + node);
    }
    return cluster;
  }

  private boolean fusible(Node node) {
    if (keep.test(node)) {
      return false;
    }
    return node.op() instanceof DropoutMask
        || node.op() instanceof Elementwise
        || ((node.op() instanceof Broadcast || node.op() instanceof Cast)
            && node.output().spec().dtype().isFloat()
            && node.inputs().stream().allMatch(value -> value.spec().dtype().isFloat()));
  }

  private static void link(Cluster from, Cluster to) {
    if (from != to) {
      from.after.add(to);
      to.before.add(from);
    }
  }

  private void joinIfLegal(Cluster a, Cluster b) {
    if (a == b
        || a.shape == null
        || !a.shape.equals(b.shape)
        || a.nodes.size() + b.nodes.size() > MAX_INSTRUCTIONS - MAX_LOADS
        || loads(a, b) > MAX_LOADS
        || reachesAround(a, b)
        || reachesAround(b, a)) {
      return;
    }
    b.nodes.addAll(a.nodes);
    b.nodes.sort(Comparator.comparing(positions::get));
    a.nodes.forEach(node -> clusters.put(node, b));
    b.last = Math.max(a.last, b.last);
    for (Cluster before : a.before) {
      before.after.remove(a);
      link(before, b);
    }
    for (Cluster after : a.after) {
      after.before.remove(a);
      link(b, after);
    }
    b.before.remove(a);
    b.after.remove(a);
  }

  private static int loads(Cluster a, Cluster b) {
    Set<Value> read = new HashSet<>();
    for (Cluster cluster : List.of(a, b)) {
      cluster.nodes.forEach(node -> read.addAll(node.inputs()));
    }
    for (Cluster cluster : List.of(a, b)) {
      cluster.nodes.forEach(node -> node.outputs().forEach(read::remove));
    }
    return read.size();
  }

  /** Whether there is a way from one cluster to another that passes a third. */
  private static boolean reachesAround(Cluster from, Cluster to) {
    Deque<Cluster> open = new ArrayDeque<>(from.after);
    open.remove(to);
    Set<Cluster> seen = new HashSet<>(open);
    while (!open.isEmpty()) {
      Cluster cluster = open.pop();
      if (cluster == to) {
        return true;
      }
      for (Cluster next : cluster.after) {
        if (seen.add(next)) {
          open.push(next);
        }
      }
    }
    return false;
  }

  private List<Cluster> inOrder() {
    Map<Cluster, Integer> waiting = new HashMap<>();
    PriorityQueue<Cluster> ready = new PriorityQueue<>(Comparator.comparing((Cluster c) -> c.last));
    for (Cluster cluster : new LinkedHashSet<>(clusters.values())) {
      waiting.put(cluster, cluster.before.size());
      if (cluster.before.isEmpty()) {
        ready.add(cluster);
      }
    }
    List<Cluster> order = new ArrayList<>();
    while (!ready.isEmpty()) {
      Cluster cluster = ready.poll();
      order.add(cluster);
      for (Cluster next : cluster.after) {
        if (waiting.merge(next, -1, Integer::sum) == 0) {
          ready.add(next);
        }
      }
    }
    return order;
  }

  private Map<Value, List<Node>> users() {
    Map<Value, List<Node>> users = new HashMap<>();
    for (Node node : program.body()) {
      for (Value input : node.inputs()) {
        users.computeIfAbsent(input, value -> new ArrayList<>()).add(node);
      }
    }
    return users;
  }

  private static Program dropUnusedConstants(Program program) {
    Set<Value> used = new HashSet<>(program.updates().values());
    program.outputs().forEach(output -> used.add(output.value()));
    program.body().forEach(node -> used.addAll(node.inputs()));
    return program.withBody(
        program.body().stream()
            .filter(node -> !(node.op() instanceof Constant) || used.contains(node.output()))
            .toList());
  }

  /** Writes the tape of one cluster. */
  private final class TapeBuilder {
    private final Map<Value, List<Node>> users;
    private final List<Fused.Instruction> tape = new ArrayList<>();
    private final List<Value> inputs = new ArrayList<>();
    private final Map<Value, Integer> registers = new HashMap<>();

    TapeBuilder(Map<Value, List<Node>> users) {
      this.users = users;
    }

    Node build(Cluster cluster) {
      List<Value> results = new ArrayList<>();
      List<Integer> resultRegisters = new ArrayList<>();
      for (Node node : cluster.nodes) {
        int register;
        if (node.op() instanceof Elementwise op) {
          List<Integer> operands = node.inputs().stream().map(this::register).toList();
          register = emit(new Fused.Apply(op.kind(), operands));
        } else if (node.op() instanceof DropoutMask op) {
          register =
              emit(new Fused.Mask(input(node.inputs().get(0)), input(node.inputs().get(1)), op));
        } else {
          register = register(node.inputs().get(0));
          if (node.op() instanceof Cast cast && cast.to() == DType.BF16) {
            register = emit(new Fused.Round(register));
          }
        }
        registers.put(node.output(), register);
        if (escapes(node.output(), cluster)) {
          results.add(node.output());
          resultRegisters.add(register);
        }
      }
      Shape shape = cluster.nodes.get(0).output().spec().shape();
      Node last = cluster.nodes.get(cluster.nodes.size() - 1);
      List<DType> types = results.stream().map(value -> value.spec().dtype()).toList();
      Fused op = new Fused(shape, tape, resultRegisters, types);
      return new Node(op, inputs, results, last.origin());
    }

    private int emit(Fused.Instruction instruction) {
      tape.add(instruction);
      return tape.size() - 1;
    }

    private int input(Value value) {
      int index = inputs.indexOf(value);
      if (index < 0) {
        index = inputs.size();
        inputs.add(value);
      }
      return index;
    }

    private int register(Value value) {
      Integer known = registers.get(value);
      if (known != null) {
        return known;
      }
      Node producer = producers.get(value);
      int register =
          emit(
              producer != null
                      && producer.op() instanceof Constant constant
                      && constant.data().size() == 1
                  ? number(constant.data())
                  : new Fused.Load(input(value)));
      registers.put(value, register);
      return register;
    }

    private static Fused.Instruction number(HostTensor data) {
      return data.spec().dtype().isFloat()
          ? new Fused.Immediate(data.get(0))
          : new Fused.Whole((int) data.get(0));
    }

    private boolean escapes(Value value, Cluster cluster) {
      return program.updates().containsValue(value)
          || program.outputs().stream().anyMatch(output -> output.value() == value)
          || users.getOrDefault(value, List.of()).stream()
              .anyMatch(user -> clusterOf(user) != cluster);
    }
  }
}
