package dev.tarn.backend;

import dev.tarn.Shape;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import java.util.List;

/**
 * The order of an image's axes with its channels last: {@code [N, C, H, W]} lies in memory as
 * {@code [N, H, W, C]}.
 *
 * <p>A shape with fewer axes is one that is broadcast to images: ones are put before it.
 */
public final class ImageOrder {
  private ImageOrder() {}

  /** The shape with four axes: {@code [C, 1, 1]} is {@code [1, C, 1, 1]}. */
  public static Shape image(Shape shape) {
    Shape image = shape;
    while (image.rank() < 4) {
      image = image.prepend(1);
    }
    return image;
  }

  /** The shape with its channels last: {@code [N, H, W, C]} of {@code [N, C, H, W]}. */
  public static Shape order(Shape shape) {
    Shape image = image(shape);
    return Shape.of(image.dim(0), image.dim(2), image.dim(3), image.dim(1));
  }

  /** Four entries, one for each of the axes N, C, H, W, in the order N, H, W, C. */
  public static <T> List<T> order(List<T> axes) {
    return List.of(axes.get(0), axes.get(2), axes.get(3), axes.get(1));
  }

  /** Where an axis of {@code [N, C, H, W]} is in {@code [N, H, W, C]}. */
  public static int order(int axis) {
    return axis == 0 ? 0 : axis == 1 ? 3 : axis - 1;
  }

  /** Whether the elements of a shape lie the same in either order: one channel, or one pixel. */
  public static boolean isSame(Shape shape) {
    Shape image = image(shape);
    return image.dim(1) == 1 || (image.dim(2) == 1 && image.dim(3) == 1);
  }

  /** Whether a node reads images of integers, whose channels never lie last. */
  public static boolean readsIntegers(Node node) {
    return node.inputs().stream()
        .map(Value::spec)
        .anyMatch(spec -> !spec.dtype().isFloat() && !isSame(spec.shape()));
  }
}
