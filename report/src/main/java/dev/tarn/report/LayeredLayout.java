package dev.tarn.report;

import java.awt.geom.Point2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Places the boxes of a directed graph in rows, edges pointing down, after K. Sugiyama, S. Tagawa
 * and M. Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981).
 *
 * <p>Rows by longest path; fewer crossings by barycentres; within a row each box is as near to the
 * mean of its neighbours as the order allows, which is an isotonic regression.
 */
final class LayeredLayout {
  private static final double GAP_X = 26;
  private static final double GAP_Y = 40;

  /** The width kept free for an edge that passes a row. */
  private static final double LANE = 8;

  private static final int SWEEPS = 12;

  /** Passing edges are kept straight rather than boxes above one another. */
  private static final double LANE_WEIGHT = 4;

  /** A directed edge between boxes. */
  record Edge(int from, int to) {}

  private final int boxes;
  private final double[] heights;
  private final List<Double> widths = new ArrayList<>();
  private final int[] ranks;
  private final List<Integer> rows = new ArrayList<>();
  private final List<List<Integer>> above = new ArrayList<>();
  private final List<List<Integer>> below = new ArrayList<>();
  private final List<List<Integer>> chains = new ArrayList<>();
  private final List<List<Integer>> order = new ArrayList<>();
  private double[] x = {};
  private double[] rowTop = {};
  private double[] rowHeight = {};

  /**
   * Lays out a graph.
   *
   * @param widths of the boxes
   * @param heights of the boxes
   * @param edges between them; cycles are allowed, an edge that closes one points up
   */
  LayeredLayout(double[] widths, double[] heights, List<Edge> edges) {
    this.boxes = widths.length;
    this.heights = heights;
    this.ranks = new int[boxes];
    List<Edge> down = acyclic(edges);
    rank(down);
    for (int i = 0; i < boxes; i++) {
      add(widths[i], ranks[i]);
    }
    for (Edge edge : down) {
      chains.add(chain(edge));
    }
    order();
    place();
  }

  /** The middle of a box. */
  Point2D center(int box) {
    return new Point2D.Double(x[box], rowTop[ranks[box]] + rowHeight[ranks[box]] / 2);
  }

  /** The points that an edge passes, from the bottom of its upper box to the top of its lower. */
  List<Point2D> points(int edge) {
    List<Integer> chain = chains.get(edge);
    List<Point2D> points = new ArrayList<>();
    for (int i = 0; i < chain.size(); i++) {
      int node = chain.get(i);
      int row = rows.get(node);
      double half = node < boxes ? heights[node] / 2 : rowHeight[row] / 2;
      double middle = rowTop[row] + rowHeight[row] / 2;
      if (i > 0) {
        points.add(new Point2D.Double(x[node], middle - half));
      }
      if (i < chain.size() - 1) {
        points.add(new Point2D.Double(x[node], middle + half));
      }
    }
    return points;
  }

  /** The width of everything; all x are between 0 and it. */
  double width() {
    double width = 0;
    for (int i = 0; i < x.length; i++) {
      width = Math.max(width, x[i] + widths.get(i) / 2);
    }
    return width;
  }

  /** The height of everything. */
  double height() {
    int last = rowTop.length - 1;
    return last < 0 ? 0 : rowTop[last] + rowHeight[last];
  }

  /** The edges, those that close a cycle turned round. */
  private List<Edge> acyclic(List<Edge> edges) {
    List<List<Integer>> next = new ArrayList<>();
    for (int i = 0; i < boxes; i++) {
      int from = i;
      next.add(edges.stream().filter(e -> e.from() == from).map(Edge::to).toList());
    }
    int[] finished = new int[boxes];
    int[] clock = {0};
    boolean[] seen = new boolean[boxes];
    for (int i = 0; i < boxes; i++) {
      visit(i, next, seen, finished, clock);
    }
    return edges.stream()
        .map(e -> finished[e.from()] < finished[e.to()] ? new Edge(e.to(), e.from()) : e)
        .toList();
  }

  /** Numbers the boxes in the order in which a depth-first search leaves them. */
  private static void visit(
      int start, List<List<Integer>> next, boolean[] seen, int[] finished, int[] clock) {
    if (seen[start]) {
      return;
    }
    List<int[]> stack = new ArrayList<>();
    stack.add(new int[] {start, 0});
    seen[start] = true;
    while (!stack.isEmpty()) {
      int[] top = stack.get(stack.size() - 1);
      List<Integer> children = next.get(top[0]);
      if (top[1] == children.size()) {
        finished[top[0]] = clock[0]++;
        stack.remove(stack.size() - 1);
        continue;
      }
      int child = children.get(top[1]++);
      if (!seen[child]) {
        seen[child] = true;
        stack.add(new int[] {child, 0});
      }
    }
  }

  private void rank(List<Edge> edges) {
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Edge edge : edges) {
        if (edge.from() != edge.to() && ranks[edge.to()] <= ranks[edge.from()]) {
          ranks[edge.to()] = ranks[edge.from()] + 1;
          changed = true;
        }
      }
    }
    // What nothing leads to stands just above what it leads to.
    for (int i = 0; i < boxes; i++) {
      int box = i;
      if (edges.stream().noneMatch(e -> e.to() == box)) {
        ranks[i] =
            edges.stream()
                .filter(e -> e.from() == box)
                .mapToInt(e -> ranks[e.to()] - 1)
                .min()
                .orElse(0);
      }
    }
  }

  private int add(double width, int row) {
    int node = widths.size();
    widths.add(width);
    rows.add(row);
    above.add(new ArrayList<>());
    below.add(new ArrayList<>());
    while (order.size() <= row) {
      order.add(new ArrayList<>());
    }
    order.get(row).add(node);
    return node;
  }

  private List<Integer> chain(Edge edge) {
    List<Integer> chain = new ArrayList<>(List.of(edge.from()));
    for (int row = ranks[edge.from()] + 1; row < ranks[edge.to()]; row++) {
      chain.add(add(LANE, row));
    }
    chain.add(edge.to());
    for (int i = 1; i < chain.size(); i++) {
      below.get(chain.get(i - 1)).add(chain.get(i));
      above.get(chain.get(i)).add(chain.get(i - 1));
    }
    return chain;
  }

  private void order() {
    List<List<Integer>> best = copy(order);
    long fewest = crossings();
    for (int sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
      boolean down = sweep % 2 == 0;
      for (int i = 1; i < order.size(); i++) {
        int row = down ? i : order.size() - 1 - i;
        int[] places = places(order.get(down ? row - 1 : row + 1));
        double[] keys = new double[widths.size()];
        List<Integer> nodes = order.get(row);
        for (int k = 0; k < nodes.size(); k++) {
          int node = nodes.get(k);
          keys[node] =
              (down ? above : below)
                  .get(node).stream().mapToInt(n -> places[n]).average().orElse(k);
        }
        nodes.sort(Comparator.comparingDouble(node -> keys[node]));
      }
      long crossings = crossings();
      if (crossings < fewest) {
        fewest = crossings;
        best = copy(order);
      }
    }
    order.clear();
    order.addAll(best);
  }

  private static List<List<Integer>> copy(List<List<Integer>> lists) {
    List<List<Integer>> copy = new ArrayList<>();
    lists.forEach(list -> copy.add(new ArrayList<>(list)));
    return copy;
  }

  private int[] places(List<Integer> nodes) {
    int[] places = new int[widths.size()];
    for (int k = 0; k < nodes.size(); k++) {
      places[nodes.get(k)] = k;
    }
    return places;
  }

  private long crossings() {
    long crossings = 0;
    for (int row = 0; row + 1 < order.size(); row++) {
      int[] places = places(order.get(row + 1));
      List<Integer> ends = new ArrayList<>();
      for (int node : order.get(row)) {
        below.get(node).stream().map(n -> places[n]).sorted().forEach(ends::add);
      }
      for (int i = 0; i < ends.size(); i++) {
        for (int k = i + 1; k < ends.size(); k++) {
          crossings += ends.get(k) < ends.get(i) ? 1 : 0;
        }
      }
    }
    return crossings;
  }

  private void place() {
    rowHeight = new double[order.size()];
    rowTop = new double[order.size()];
    for (int row = 0; row < order.size(); row++) {
      for (int node : order.get(row)) {
        rowHeight[row] = Math.max(rowHeight[row], node < boxes ? heights[node] : 0);
      }
      rowTop[row] = row == 0 ? 0 : rowTop[row - 1] + rowHeight[row - 1] + GAP_Y;
    }
    x = new double[widths.size()];
    for (int sweep = 0; sweep < 2 * SWEEPS; sweep++) {
      for (int i = 0; i < order.size(); i++) {
        boolean down = sweep % 2 == 0;
        place(order.get(down ? i : order.size() - 1 - i), down ? above : below);
      }
    }
    double left = Double.POSITIVE_INFINITY;
    for (int i = 0; i < x.length; i++) {
      left = Math.min(left, x[i] - widths.get(i) / 2);
    }
    for (int i = 0; i < x.length; i++) {
      x[i] -= left;
    }
  }

  /**
   * Places a row: the least sum of squared distances to the wanted places that keeps the boxes
   * apart, by pooling adjacent violators.
   */
  private void place(List<Integer> nodes, List<List<Integer>> neighbours) {
    int n = nodes.size();
    double[] offset = new double[n];
    double[] mean = new double[n];
    double[] weight = new double[n];
    int[] size = new int[n];
    int blocks = 0;
    for (int k = 0; k < n; k++) {
      int node = nodes.get(k);
      if (k > 0) {
        int before = nodes.get(k - 1);
        offset[k] = offset[k - 1] + (widths.get(before) + widths.get(node)) / 2 + GAP_X;
      }
      double wanted =
          neighbours.get(node).stream().mapToDouble(i -> x[i]).average().orElse(x[node]);
      mean[blocks] = wanted - offset[k];
      weight[blocks] = node < boxes ? 1 : LANE_WEIGHT;
      size[blocks++] = 1;
      while (blocks > 1 && mean[blocks - 2] > mean[blocks - 1]) {
        double total = weight[blocks - 2] + weight[blocks - 1];
        mean[blocks - 2] =
            (weight[blocks - 2] * mean[blocks - 2] + weight[blocks - 1] * mean[blocks - 1]) / total;
        weight[blocks - 2] = total;
        size[blocks - 2] += size[blocks - 1];
        blocks--;
      }
    }
    int k = 0;
    for (int block = 0; block < blocks; block++) {
      for (int end = k + size[block]; k < end; k++) {
        x[nodes.get(k)] = mean[block] + offset[k];
      }
    }
  }

  @Override
  public String toString() {
    return "rows " + order + ", x " + Arrays.toString(x);
  }
}
