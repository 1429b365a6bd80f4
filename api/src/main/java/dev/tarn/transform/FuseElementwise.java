package dev.tarn.transform;

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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Turns elementwise operations, casts between floats, broadcasts and dropout masks into {@link
 * Fused} tapes.
 *
 * <p>Neighbours of one shape are joined into one tape where the program stays acyclic; a comparison
 * with a number joins its user rather than what it compares. Scalar constants become immediates.
 * What is computed of single numbers in a few steps, and only read by tapes, is computed in each of
 * those. Short vectors that no node reads, as updates of a normalization's statistics, join others
 * of their shape. After this pass a backend meets no plain elementwise node other than casts from
 * or to i32, and those it asked to keep.
 */
public final class FuseElementwise {
  private static final int MAX_INSTRUCTIONS = 64;
  private static final int MAX_LOADS = 24;

  /** Nodes with one number each that every tape that reads them computes for itself. */
  private static final int MAX_REPEATED = 8;

  /** A tape over so few elements costs its launch. */
  private static final int MAX_SMALL = 4096;

  private final Program program;
  private final Map<Value, Node> producers = new HashMap<>();
  private final Map<Node, Cluster> clusters = new IdentityHashMap<>();
  private final Map<Node, Integer> positions = new IdentityHashMap<>();
  private final Set<Value> kept = new HashSet<>();
  private final Predicate<Node> keep;

  private FuseElementwise(Program program, Predicate<Node> keep) {
    this.program = program;
    this.keep = keep;
    kept.addAll(program.updates().values());
    program.outputs().forEach(output -> kept.add(output.value()));
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
          Cluster.link(clusterOf(producer), cluster);
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
      repeatNumbers();
      joinSmall();
    }
    List<Node> result = new ArrayList<>();
    Map<Value, List<Node>> users = users();
    for (Cluster cluster : Cluster.inOrder(new LinkedHashSet<>(clusters.values()))) {
      result.add(
          cluster.shape == null
              ? cluster.nodes.get(0)
              : new TapeBuilder(cluster, producers, value -> escapes(value, cluster, users))
                  .build());
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

  private void joinIfLegal(Cluster a, Cluster b) {
    if (a != b
        && a.shape != null
        && a.shape.equals(b.shape)
        && fit(a, b)
        && !a.reachesAround(b)
        && !b.reachesAround(a)) {
      b.absorb(a, Comparator.comparing(positions::get));
      b.nodes.forEach(node -> clusters.put(node, b));
    }
  }

  private static boolean fit(Cluster a, Cluster b) {
    return a.size() + b.size() <= MAX_INSTRUCTIONS - MAX_LOADS && Cluster.loads(a, b) <= MAX_LOADS;
  }

  /**
   * Spares tapes of single numbers, such as whether a step counts, where only tapes read them: each
   * of those computes them for itself.
   */
  private void repeatNumbers() {
    List<Node> body = program.body();
    for (int i = body.size() - 1; i >= 0; i--) {
      Cluster cluster = clusters.get(body.get(i));
      if (cluster != null && cluster.nodes.get(0) == body.get(i) && canRepeat(cluster)) {
        cluster.after.forEach(reader -> reader.repeat(cluster));
        cluster.detach();
        cluster.nodes.forEach(clusters::remove);
      }
    }
  }

  private boolean canRepeat(Cluster cluster) {
    return cluster.shape != null
        && cluster.shape.size() == 1
        && cluster.size() <= MAX_REPEATED
        && !cluster.after.isEmpty()
        && cluster.after.stream().allMatch(reader -> reader.shape != null && fit(cluster, reader))
        && cluster.nodes.stream()
            .noneMatch(node -> node.op() instanceof DropoutMask || kept.contains(node.output()));
  }

  /**
   * Joins tapes over numbers and short vectors of one shape, though neither reads the other. The
   * first of two must only make results of the program: nothing waits for it, and nothing large is
   * kept for it.
   */
  private void joinSmall() {
    Map<Shape, Cluster> open = new HashMap<>();
    for (Node node : program.body()) {
      Cluster cluster = clusters.get(node);
      if (cluster != null
          && cluster.shape != null
          && cluster.shape.rank() <= 1
          && cluster.shape.size() <= MAX_SMALL) {
        Cluster other = open.put(cluster.shape, cluster);
        if (other != null && other.after.isEmpty()) {
          joinIfLegal(other, cluster);
        }
      }
    }
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

  private Program dropUnusedConstants(Program program) {
    Set<Value> used = new HashSet<>(kept);
    program.body().forEach(node -> used.addAll(node.inputs()));
    return program.withBody(
        program.body().stream()
            .filter(node -> !(node.op() instanceof Constant) || used.contains(node.output()))
            .toList());
  }

  private boolean escapes(Value value, Cluster cluster, Map<Value, List<Node>> users) {
    return kept.contains(value)
        || users.getOrDefault(value, List.of()).stream()
            .anyMatch(user -> clusters.get(user) != cluster);
  }
}
