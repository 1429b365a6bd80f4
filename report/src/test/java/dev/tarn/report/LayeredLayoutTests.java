package dev.tarn.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.geom.Point2D;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LayeredLayoutTests {
  @ParameterizedTest
  @ValueSource(ints = {1, 5, 40, 300})
  void boxesAreApartAndEdgesPointDown(int boxes) {
    Random random = new Random(boxes);
    double[] widths = random.doubles(boxes, 30, 200).toArray();
    double[] heights = random.doubles(boxes, 20, 60).toArray();
    List<LayeredLayout.Edge> edges = new ArrayList<>();
    for (int to = 1; to < boxes; to++) {
      for (int k = 0; k < 1 + to % 2; k++) {
        int from = Math.max(0, to - 1 - random.nextInt(10));
        edges.add(new LayeredLayout.Edge(from, to));
      }
    }
    LayeredLayout layout = new LayeredLayout(widths, heights, edges);
    for (int i = 0; i < boxes; i++) {
      Point2D a = layout.center(i);
      assertTrue(a.getX() - widths[i] / 2 > -1e-6);
      assertTrue(a.getX() + widths[i] / 2 < layout.width() + 1e-6);
      for (int k = 0; k < i; k++) {
        Point2D b = layout.center(k);
        boolean apart =
            Math.abs(a.getX() - b.getX()) > (widths[i] + widths[k]) / 2
                || Math.abs(a.getY() - b.getY()) > (heights[i] + heights[k]) / 2;
        assertTrue(apart, i + " and " + k);
      }
    }
    for (int e = 0; e < edges.size(); e++) {
      List<Point2D> points = layout.points(e);
      assertEquals(layout.center(edges.get(e).from()).getX(), points.get(0).getX());
      assertEquals(layout.center(edges.get(e).to()).getX(), points.get(points.size() - 1).getX());
      for (int i = 1; i < points.size(); i++) {
        assertTrue(points.get(i).getY() >= points.get(i - 1).getY());
      }
    }
  }

  @Test
  void aChainIsStraight() {
    LayeredLayout layout = layout(4, new int[][] {{0, 1}, {1, 2}, {2, 3}});
    for (int i = 1; i < 4; i++) {
      assertEquals(layout.center(0).getX(), layout.center(i).getX(), 1e-9);
      assertTrue(layout.center(i).getY() > layout.center(i - 1).getY());
    }
  }

  @Test
  void aCycleEnds() {
    LayeredLayout layout = layout(3, new int[][] {{0, 1}, {1, 2}, {2, 0}});
    assertTrue(layout.center(0).getY() < layout.center(1).getY());
    assertTrue(layout.center(1).getY() < layout.center(2).getY());
  }

  /** Two edges that cross in the order given and need not. */
  @Test
  void crossingsAreRemoved() {
    LayeredLayout layout = layout(6, new int[][] {{0, 1}, {0, 2}, {1, 4}, {2, 3}, {3, 5}, {4, 5}});
    double above = layout.center(1).getX() - layout.center(2).getX();
    double below = layout.center(4).getX() - layout.center(3).getX();
    assertTrue(above * below > 0);
  }

  private static LayeredLayout layout(int boxes, int[][] edges) {
    double[] sizes = new double[boxes];
    Arrays.fill(sizes, 20);
    return new LayeredLayout(
        sizes,
        sizes,
        Arrays.stream(edges).map(edge -> new LayeredLayout.Edge(edge[0], edge[1])).toList());
  }
}
