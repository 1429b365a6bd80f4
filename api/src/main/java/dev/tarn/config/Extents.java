package dev.tarn.config;

import java.util.Collections;
import java.util.List;

/** Numbers along the axes of an image or a sequence, as run files write them. */
final class Extents {
  /** No image is larger. */
  static final int MAX = 1 << 20;

  private Extents() {}

  /** The same number along all axes. */
  static List<Integer> same(int axes, int each) {
    return Collections.nCopies(axes, each);
  }

  /** A number for all axes, or a list of one for each. */
  static List<Integer> read(YamlValue value, int axes, int least) {
    if (!value.isList()) {
      return same(axes, (int) value.integer(least, MAX));
    }
    if (value.values().size() != axes) {
      throw value.expected(
          axes == 2 ? "rows and columns, such as [3, 5]" : "a list of " + axes + " numbers");
    }
    return value.values().stream().map(each -> (int) each.integer(least, MAX)).toList();
  }

  /** The number that is the same along all axes, or the list. */
  static Object toYaml(List<Integer> extents) {
    return extents.stream().distinct().count() == 1 ? (Object) extents.get(0) : extents;
  }
}
