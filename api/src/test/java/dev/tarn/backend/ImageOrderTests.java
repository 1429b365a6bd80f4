package dev.tarn.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageOrderTests {
  @Test
  void axesAreOrdered() {
    assertEquals(Shape.of(2, 5, 7, 3), ImageOrder.order(Shape.of(2, 3, 5, 7)));
    assertEquals(Shape.of(1, 1, 1, 3), ImageOrder.order(Shape.of(3, 1, 1)));
    assertEquals(List.of("n", "h", "w", "c"), ImageOrder.order(List.of("n", "c", "h", "w")));
    for (int axis = 0; axis < 4; axis++) {
      assertEquals(axis, ImageOrder.order(List.of(0, 1, 2, 3)).get(ImageOrder.order(axis)));
    }
  }

  @Test
  void aShapeIsBroadcastToImages() {
    assertEquals(Shape.of(1, 3, 1, 1), ImageOrder.image(Shape.of(3, 1, 1)));
    assertEquals(Shape.of(1, 1, 1, 1), ImageOrder.image(Shape.of()));
    assertEquals(Shape.of(2, 3, 5, 7), ImageOrder.image(Shape.of(2, 3, 5, 7)));
  }

  @Test
  void oneChannelOrOnePixelIsTheSameInEitherOrder() {
    assertTrue(ImageOrder.isSame(Shape.of(2, 3, 1, 1)));
    assertTrue(ImageOrder.isSame(Shape.of(2, 1, 4, 5)));
    assertFalse(ImageOrder.isSame(Shape.of(2, 3, 4, 1)));
  }
}
