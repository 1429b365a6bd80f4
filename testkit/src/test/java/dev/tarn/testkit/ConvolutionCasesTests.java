package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.testkit.ConvolutionCases.Geometry;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The grid of convolutions is as wide as it is meant to be. */
class ConvolutionCasesTests {
  @Test
  void gridIsWide() {
    List<Geometry> grid = ConvolutionCases.grid();
    assertTrue(grid.size() >= 200, grid.size() + " shapes");
    assertEquals(grid.size(), new HashSet<>(grid).size());
    assertTrue(grid.stream().anyMatch(g -> g.rows() > g.h() && g.columns() > g.w()));
    assertTrue(grid.stream().anyMatch(g -> g.c() > 1 && g.window().groups() == g.c()));
    assertTrue(grid.stream().anyMatch(g -> g.window().padTop() != g.window().padBottom()));
  }
}
