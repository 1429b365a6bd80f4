package dev.tarn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ShapeTests {
  @Test
  void extents() {
    Shape shape = Shape.of(2, 3, 4);
    assertEquals(3, shape.rank());
    assertEquals(24, shape.size());
    assertEquals(4, shape.dim(-1));
    assertEquals(2, shape.dim(0));
    assertEquals(1, shape.axis(-2));
    assertEquals("[2,3,4]", shape.toString());
    assertEquals("[]", Shape.SCALAR.toString());
    assertEquals(1, Shape.SCALAR.size());
    assertEquals(0, Shape.of(3, 0, 5).size());
    assertSame(Shape.SCALAR, Shape.of());
  }

  @Test
  void isImmutable() {
    int[] dims = {2, 3};
    Shape shape = Shape.of(dims);
    dims[0] = 9;
    shape.dims()[1] = 9;
    assertEquals(Shape.of(2, 3), shape);
    assertEquals(Shape.of(2, 3).hashCode(), shape.hashCode());
    assertNotEquals(Shape.of(3, 2), shape);
  }

  @Test
  void derivedShapes() {
    Shape shape = Shape.of(2, 3, 4);
    assertEquals(Shape.of(2, 3, 7), shape.with(-1, 7));
    assertEquals(Shape.of(3, 4), shape.withoutFirst());
    assertEquals(Shape.of(8, 2, 3, 4), shape.prepend(8));
    assertEquals(Shape.SCALAR, Shape.of(5).withoutFirst());
  }

  @Test
  void refuses() {
    assertMessage("axis 2 is out of range for [2,3]", () -> Shape.of(2, 3).dim(2));
    assertMessage("axis -3 is out of range for [2,3]", () -> Shape.of(2, 3).axis(-3));
    assertMessage("shape: negative extent in [2, -1]", () -> Shape.of(2, -1));
    assertMessage("axis 0 is out of range for []", Shape.SCALAR::withoutFirst);
    assertThrows(ShapeException.class, () -> Shape.of(65536, 65536).intSize());
    assertEquals(1L << 32, Shape.of(65536, 65536).size());
  }

  @Test
  void broadcasting() {
    assertEquals(Shape.of(4, 5), Shape.broadcast("add", Shape.of(4, 5), Shape.of(5)));
    assertEquals(Shape.of(4, 5), Shape.broadcast("add", Shape.of(4, 1), Shape.of(1, 5)));
    assertEquals(Shape.of(2, 3), Shape.broadcast("add", Shape.SCALAR, Shape.of(2, 3)));
    assertEquals(Shape.of(0, 3), Shape.broadcast("add", Shape.of(1, 3), Shape.of(0, 1)));
    assertMessage(
        "add: shapes do not broadcast: [4,5] and [4]",
        () -> Shape.broadcast("add", Shape.of(4, 5), Shape.of(4)));
    assertTrue(Shape.of(3, 1).broadcastsTo(Shape.of(2, 3, 4)));
    assertFalse(Shape.of(2, 3).broadcastsTo(Shape.of(3)));
    assertFalse(Shape.of(3).broadcastsTo(Shape.of(1)));
    assertArrayEquals(new int[] {0, 1, 0}, Shape.of(3, 1).broadcastStrides(Shape.of(2, 3, 4)));
    assertArrayEquals(new int[] {12, 4, 1}, Shape.of(2, 3, 4).broadcastStrides(Shape.of(2, 3, 4)));
  }

  private static void assertMessage(String message, Executable action) {
    assertEquals(message, assertThrows(ShapeException.class, action).getMessage());
  }
}
