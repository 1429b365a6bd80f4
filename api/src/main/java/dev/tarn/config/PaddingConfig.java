package dev.tarn.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Padding in run files: {@code same}, {@code valid}, {@code 1}, {@code [rows, columns]} or {@code
 * [top, bottom, left, right]}; of a sequence {@code 1} or {@code [before, after]}.
 *
 * @param word {@code same}, or null if the padding is given in numbers
 * @param sides before and after along each axis, the rows' axis first; empty for {@code same}
 */
public record PaddingConfig(@Nullable String word, List<Integer> sides) {
  private static final String SAME = "same";

  /** Copies the list. */
  public PaddingConfig {
    sides = List.copyOf(sides);
  }

  /** No padding. */
  static PaddingConfig none(int axes) {
    return all(axes, 0);
  }

  private static PaddingConfig all(int axes, int each) {
    return new PaddingConfig(null, Extents.same(2 * axes, each));
  }

  boolean isSame() {
    return word != null;
  }

  /** The padding of a convolution, where {@code same} and {@code valid} are known. */
  static PaddingConfig read(YamlValue value, int axes) {
    if (value.isScalar() && !value.isNothing() && value.text().equals(SAME)) {
      return new PaddingConfig(SAME, List.of());
    }
    if (value.isScalar() && !value.isNothing() && value.text().equals("valid")) {
      return none(axes);
    }
    return numbers(value, axes, "same, valid, ", Extents.MAX, Extents.MAX);
  }

  /** Padding in numbers, each below the extent of the kernel along its axis. */
  static PaddingConfig below(YamlValue value, List<Integer> kernel) {
    int columns = kernel.get(kernel.size() - 1) - 1;
    return numbers(value, kernel.size(), "", kernel.get(0) - 1, columns);
  }

  /** Padding in numbers of any size. */
  static PaddingConfig numbers(YamlValue value, int axes) {
    return numbers(value, axes, "", Extents.MAX, Extents.MAX);
  }

  private static PaddingConfig numbers(
      YamlValue value, int axes, String words, int rows, int columns) {
    if (value.isScalar()) {
      try {
        return all(axes, (int) value.integer(0, Math.min(rows, columns)));
      } catch (ConfigException e) {
        throw words.isEmpty() ? e : value.expected(words + "a number from 0 or " + lists(axes));
      }
    }
    int count = value.isList() ? value.values().size() : 0;
    if (count != 2 && (axes == 1 || count != 4)) {
      throw value.expected(words + "a number from 0 or " + lists(axes));
    }
    List<YamlValue> all = value.values();
    if (axes == 1) {
      return new PaddingConfig(null, List.of(side(all.get(0), columns), side(all.get(1), columns)));
    }
    int half = count / 2;
    int top = side(all.get(0), rows);
    int bottom = side(all.get(half - 1), rows);
    int left = side(all.get(half), columns);
    int right = side(all.get(count - 1), columns);
    return new PaddingConfig(null, List.of(top, bottom, left, right));
  }

  private static int side(YamlValue value, int most) {
    return (int) value.integer(0, most);
  }

  private static String lists(int axes) {
    return axes == 1 ? "[before, after]" : "[rows, columns] or [top, bottom, left, right]";
  }

  Object toYaml() {
    return word != null ? word : Extents.toYaml(sides);
  }
}
