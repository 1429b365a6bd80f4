package dev.tarn.transform;

import dev.tarn.Shape;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Nodes that become one tape, or a node that stays as it is, among others. */
final class Cluster {
  /** The nodes, in the program's order. */
  final List<Node> nodes = new ArrayList<>();

  /** Nodes with one number each that are computed again where {@link #nodes} read them. */
  final List<Node> repeated = new ArrayList<>();

  /** The clusters whose results this one reads. */
  final Set<Cluster> before = new LinkedHashSet<>();

  /** The clusters that read this one's results. */
  final Set<Cluster> after = new LinkedHashSet<>();

  /** The shape of the tape; null if the node stays as it is. */
  final @Nullable Shape shape;

  private int last;

  Cluster(Node node, int index, @Nullable Shape shape) {
    nodes.add(node);
    this.last = index;
    this.shape = shape;
  }

  static void link(Cluster from, Cluster to) {
    if (from != to) {
      from.after.add(to);
      to.before.add(from);
    }
  }

  /** Takes another cluster's nodes and neighbours. */
  void absorb(Cluster other, Comparator<Node> order) {
    nodes.addAll(other.nodes);
    nodes.sort(order);
    repeated.addAll(other.repeated);
    last = Math.max(other.last, last);
    other.after.forEach(next -> link(this, next));
    other.before.forEach(previous -> link(previous, this));
    other.detach();
  }

  /** Computes what another cluster computes, for its own use. */
  void repeat(Cluster other) {
    repeated.addAll(other.nodes);
    repeated.addAll(other.repeated);
    other.before.forEach(previous -> link(previous, this));
  }

  /** Leaves the others. */
  void detach() {
    before.forEach(previous -> previous.after.remove(this));
    after.forEach(next -> next.before.remove(this));
  }

  /** The number of nodes, with those that are repeated. */
  int size() {
    return nodes.size() + repeated.size();
  }

  /** How many values two clusters read together that neither makes. */
  static int loads(Cluster a, Cluster b) {
    Set<Value> read = new HashSet<>();
    Set<Value> made = new HashSet<>();
    for (Cluster cluster : List.of(a, b)) {
      for (List<Node> some : List.of(cluster.nodes, cluster.repeated)) {
        for (Node node : some) {
          read.addAll(node.inputs());
          made.addAll(node.outputs());
        }
      }
    }
    read.removeAll(made);
    return read.size();
  }

  /** Whether there is a way to another cluster that passes a third. */
  boolean reachesAround(Cluster to) {
    Deque<Cluster> open = new ArrayDeque<>(after);
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

  /** Clusters in an order in which each comes after those that it reads. */
  static List<Cluster> inOrder(Set<Cluster> clusters) {
    Map<Cluster, Integer> waiting = new HashMap<>();
    PriorityQueue<Cluster> ready = new PriorityQueue<>(Comparator.comparing((Cluster c) -> c.last));
    for (Cluster cluster : clusters) {
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
}
