package dev.tarn.report;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.geom.Path2D;
import java.awt.geom.Point2D;
import java.awt.geom.Rectangle2D;
import java.awt.geom.RoundRectangle2D;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A graph of a model, drawn downwards; at the level of layers the backward phase stands beside the
 * forward one, each layer in its row, and goes upwards.
 */
final class GraphPicture {
  private static final double TITLE = 13;
  private static final double LINE = 11;
  private static final double PADDING = 10;
  private static final double MARGIN = 12;
  private static final double COLUMNS_GAP = 70;
  private static final double TOP = 64;

  /** How far an edge around other boxes keeps from them. */
  private static final double BOW = 30;

  private final ModelGraph graph;
  private final double[] widths;
  private final double[] heights;
  private final Point2D[] centers;
  private final Map<Integer, List<Point2D>> routes = new HashMap<>();
  private double width;
  private double height;

  private GraphPicture(ModelGraph graph) {
    this.graph = graph;
    int n = graph.boxes().size();
    widths = new double[n];
    heights = new double[n];
    centers = new Point2D[n];
    for (int i = 0; i < n; i++) {
      ModelGraph.Box box = graph.boxes().get(i);
      widths[i] = Pen.width(box.title(), Pen.font(TITLE, true));
      for (String line : box.lines()) {
        widths[i] = Math.max(widths[i], Pen.width(line, Pen.font(LINE, false)));
      }
      widths[i] += 2 * PADDING;
      heights[i] = TITLE + 2 * PADDING + box.lines().size() * (LINE + 4);
    }
    layOut();
  }

  /** Draws a graph. */
  static Picture of(ModelGraph graph) {
    GraphPicture picture = new GraphPicture(graph);
    return new Picture(
        "graph",
        graph.description(),
        (int) Math.ceil(Math.max(picture.width + 2 * MARGIN, 420)),
        (int) Math.ceil(TOP + picture.height + MARGIN),
        picture::draw);
  }

  private boolean isBeside(int box) {
    return graph.level() == ModelGraph.Level.LAYERS
        && graph.boxes().get(box).phase() == ModelGraph.Phase.BACKWARD;
  }

  private void layOut() {
    List<Integer> laid = new ArrayList<>();
    Map<String, Integer> rows = new HashMap<>();
    for (int i = 0; i < widths.length; i++) {
      if (!isBeside(i)) {
        if (graph.boxes().get(i).phase() == ModelGraph.Phase.FORWARD) {
          rows.put(graph.boxes().get(i).layer(), laid.size());
        }
        laid.add(i);
      }
    }
    double[] w = laid.stream().mapToDouble(i -> widths[i]).toArray();
    double[] h = laid.stream().mapToDouble(i -> heights[i]).toArray();
    List<Integer> alone = new ArrayList<>();
    for (int i = 0; i < widths.length; i++) {
      Integer row = rows.get(graph.boxes().get(i).layer());
      if (isBeside(i) && row != null) {
        w[row] = Math.max(w[row], widths[i]);
        h[row] = Math.max(h[row], heights[i]);
      } else if (isBeside(i)) {
        alone.add(i);
      }
    }
    List<LayeredLayout.Edge> edges = new ArrayList<>();
    List<Integer> numbers = new ArrayList<>();
    for (int e = 0; e < graph.edges().size(); e++) {
      ModelGraph.Edge edge = graph.edges().get(e);
      if (!isBeside(edge.from()) && !isBeside(edge.to())) {
        edges.add(new LayeredLayout.Edge(laid.indexOf(edge.from()), laid.indexOf(edge.to())));
        numbers.add(e);
      }
    }
    LayeredLayout layout = new LayeredLayout(w, h, edges);
    double shift = layout.width() + COLUMNS_GAP;
    height = layout.height();
    for (int i = 0; i < widths.length; i++) {
      Integer row = isBeside(i) ? rows.get(graph.boxes().get(i).layer()) : laid.indexOf(i);
      if (row != null) {
        Point2D center = layout.center(row);
        centers[i] = new Point2D.Double(center.getX() + (isBeside(i) ? shift : 0), center.getY());
      }
    }
    for (int i : alone) {
      height += 30 + heights[i];
      centers[i] = new Point2D.Double(shift + widths[i] / 2, height - heights[i] / 2);
    }
    for (int i = 0; i < widths.length; i++) {
      width = Math.max(width, centers[i].getX() + widths[i] / 2);
    }
    width = Math.max(width, layout.width());
    route(layout, numbers, shift);
    boolean bows =
        graph.edges().stream()
            .anyMatch(e -> isBeside(e.from()) && isBeside(e.to()) && !routes.containsKey(index(e)));
    width += bows ? BOW : 0;
  }

  private int index(ModelGraph.Edge edge) {
    return graph.edges().indexOf(edge);
  }

  /** The ways of the edges, and the same ways turned round for the backward phase. */
  private void route(LayeredLayout layout, List<Integer> numbers, double shift) {
    for (int k = 0; k < numbers.size(); k++) {
      ModelGraph.Edge edge = graph.edges().get(numbers.get(k));
      routes.put(numbers.get(k), ends(edge, layout.points(k)));
      int upper = beside(edge.to());
      int lower = beside(edge.from());
      int mirrored = upper < 0 || lower < 0 ? -1 : edge(upper, lower);
      if (mirrored >= 0) {
        List<Point2D> points = new ArrayList<>();
        layout.points(k).forEach(p -> points.add(new Point2D.Double(p.getX() + shift, p.getY())));
        Collections.reverse(points);
        routes.put(mirrored, ends(graph.edges().get(mirrored), points));
      }
    }
  }

  /** The box of the backward phase beside a box, or -1. */
  private int beside(int box) {
    if (graph.boxes().get(box).phase() != ModelGraph.Phase.FORWARD) {
      return -1;
    }
    for (int i = 0; i < widths.length; i++) {
      if (isBeside(i) && graph.boxes().get(i).layer().equals(graph.boxes().get(box).layer())) {
        return i;
      }
    }
    return -1;
  }

  private int edge(int from, int to) {
    for (int e = 0; e < graph.edges().size(); e++) {
      if (graph.edges().get(e).from() == from && graph.edges().get(e).to() == to) {
        return e;
      }
    }
    return -1;
  }

  /** The route with its ends on the borders of its boxes, which may be lower than their rows. */
  private List<Point2D> ends(ModelGraph.Edge edge, List<Point2D> points) {
    List<Point2D> route = new ArrayList<>(points);
    // An edge that closes a cycle was laid out the other way round.
    double start = route.get(0).distance(centers[edge.from()]);
    if (start > route.get(route.size() - 1).distance(centers[edge.from()])) {
      Collections.reverse(route);
    }
    boolean down = route.get(0).getY() < route.get(route.size() - 1).getY();
    route.set(0, border(edge.from(), down));
    route.set(route.size() - 1, border(edge.to(), !down));
    return route;
  }

  private Point2D border(int box, boolean bottom) {
    double half = heights[box] / 2;
    return new Point2D.Double(centers[box].getX(), centers[box].getY() + (bottom ? half : -half));
  }

  private void draw(Graphics2D graphics) {
    Pen pen = new Pen(graphics);
    pen.text("Model", MARGIN, 14, Pen.Align.LEFT, Pen.font(14, true), Theme.INK);
    legend(pen);
    AffineTransform kept = graphics.getTransform();
    graphics.translate(MARGIN, TOP);
    for (int e = 0; e < graph.edges().size(); e++) {
      draw(pen, graph.edges().get(e), routes.get(e));
    }
    for (int e = 0; e < graph.edges().size(); e++) {
      label(pen, graph.edges().get(e), routes.get(e));
    }
    for (int i = 0; i < widths.length; i++) {
      draw(pen, i);
    }
    graphics.setTransform(kept);
  }

  private void legend(Pen pen) {
    Font font = Pen.font(12, false);
    double x = MARGIN;
    for (ModelGraph.Phase phase : ModelGraph.Phase.values()) {
      if (graph.count(phase) > 0) {
        String name = phase.name().toLowerCase(Locale.ROOT);
        pen.fill(new Rectangle2D.Double(x, 33, 12, 12), Theme.faded(color(phase), 0.25));
        pen.draw(new Rectangle2D.Double(x, 33, 12, 12), color(phase), 1.5);
        pen.text(name, x + 18, 39, Pen.Align.LEFT, font, Theme.INK);
        x += 18 + Pen.width(name, font) + 18;
      }
    }
    if (graph.edges().stream().anyMatch(ModelGraph.Edge::kept)) {
      pen.draw(line(x, 39, x + 22, 39), Theme.MUTED, 1.5, 4, 3);
      pen.text("kept values", x + 28, 39, Pen.Align.LEFT, font, Theme.INK);
    }
  }

  private static Path2D line(double x1, double y1, double x2, double y2) {
    Path2D path = new Path2D.Double();
    path.moveTo(x1, y1);
    path.lineTo(x2, y2);
    return path;
  }

  private static Color color(ModelGraph.Phase phase) {
    return switch (phase) {
      case INPUT -> Theme.GREEN;
      case FORWARD -> Theme.BLUE;
      case BACKWARD -> Theme.ORANGE;
      case OTHER -> Theme.PURPLE;
    };
  }

  private void draw(Pen pen, int i) {
    ModelGraph.Box box = graph.boxes().get(i);
    double x = centers[i].getX();
    double y = centers[i].getY() - heights[i] / 2;
    RoundRectangle2D frame =
        new RoundRectangle2D.Double(x - widths[i] / 2, y, widths[i], heights[i], 10, 10);
    pen.fill(frame, Theme.PAPER);
    pen.fill(frame, Theme.faded(color(box.phase()), 0.12));
    pen.draw(frame, color(box.phase()), 1.5);
    y += PADDING + TITLE / 2;
    pen.text(box.title(), x, y, Pen.Align.CENTER, Pen.font(TITLE, true), Theme.INK);
    y += TITLE / 2 + 4 + LINE / 2;
    for (String line : box.lines()) {
      pen.text(line, x, y, Pen.Align.CENTER, Pen.font(LINE, false), Theme.MUTED);
      y += LINE + 4;
    }
  }

  private void draw(Pen pen, ModelGraph.Edge edge, @Nullable List<Point2D> route) {
    if (route == null) {
      Point2D from = centers[edge.from()];
      Point2D to = centers[edge.to()];
      // Across to the other column or to a box of the same row, or else around the boxes between.
      boolean across = isBeside(edge.from()) != isBeside(edge.to()) || from.getY() == to.getY();
      double side = across ? Math.signum(to.getX() - from.getX()) : 1;
      double x1 = from.getX() + side * widths[edge.from()] / 2;
      double x2 = to.getX() + (across ? -side : 1) * widths[edge.to()] / 2;
      double middle = across ? (x1 + x2) / 2 : around(edge, Math.min(x1, x2));
      Path2D path = new Path2D.Double();
      path.moveTo(x1, from.getY());
      path.curveTo(middle, from.getY(), middle, to.getY(), x2, to.getY());
      stroke(pen, edge, path);
      arrow(pen, edge, x2, to.getY(), across ? side : -1, 0);
      return;
    }
    Path2D path = new Path2D.Double();
    Point2D last = route.get(0);
    path.moveTo(last.getX(), last.getY());
    for (Point2D point : route.subList(1, route.size())) {
      double middle = (last.getY() + point.getY()) / 2;
      path.curveTo(last.getX(), middle, point.getX(), middle, point.getX(), point.getY());
      last = point;
    }
    stroke(pen, edge, path);
    double direction = Math.signum(last.getY() - route.get(route.size() - 2).getY());
    arrow(pen, edge, last.getX(), last.getY(), 0, direction);
  }

  /** Where a curve that starts at x must bend to pass the boxes between its ends at the right. */
  private double around(ModelGraph.Edge edge, double x) {
    double top = Math.min(centers[edge.from()].getY(), centers[edge.to()].getY());
    double bottom = Math.max(centers[edge.from()].getY(), centers[edge.to()].getY());
    double right = x;
    for (int i = 0; i < widths.length; i++) {
      double y = centers[i].getY();
      if (isBeside(i) && y >= top && y <= bottom) {
        right = Math.max(right, centers[i].getX() + widths[i] / 2);
      }
    }
    // A cubic curve goes three quarters of the way to its control points.
    return x + (right + BOW - x) / 0.75;
  }

  private Color color(ModelGraph.Edge edge) {
    ModelGraph.Phase phase = graph.boxes().get(edge.from()).phase();
    return edge.kept() ? Theme.MUTED : color(phase);
  }

  private void stroke(Pen pen, ModelGraph.Edge edge, Path2D path) {
    if (edge.kept()) {
      pen.draw(path, color(edge), 1.2, 4, 3);
    } else {
      pen.draw(path, color(edge), 1.5);
    }
  }

  /** A head at a point, for an edge that comes along a direction. */
  private void arrow(Pen pen, ModelGraph.Edge edge, double x, double y, double dx, double dy) {
    Path2D head = new Path2D.Double();
    head.moveTo(x, y);
    head.lineTo(x - 7 * dx - 3.5 * dy, y - 7 * dy - 3.5 * dx);
    head.lineTo(x - 7 * dx + 3.5 * dy, y - 7 * dy + 3.5 * dx);
    head.closePath();
    pen.fill(head, color(edge));
  }

  private void label(Pen pen, ModelGraph.Edge edge, @Nullable List<Point2D> route) {
    if (route == null || edge.kept()) {
      return;
    }
    Point2D a = route.get(0);
    Point2D b = route.get(1);
    double x = (a.getX() + b.getX()) / 2 + 5;
    double y = (a.getY() + b.getY()) / 2;
    Font font = Pen.font(LINE, false);
    double length = Pen.width(edge.label(), font);
    // Lines that pass behind a label are dimmed.
    pen.fill(
        new Rectangle2D.Double(x - 2, y - LINE / 2 - 1, length + 4, LINE + 2),
        Theme.faded(Theme.PAPER, 0.8));
    pen.text(edge.label(), x, y, Pen.Align.LEFT, font, Theme.MUTED);
  }
}
