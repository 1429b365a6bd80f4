package dev.tarn.report;

import java.awt.Color;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The colours of all pictures: each by name, in a light and a dark variant.
 *
 * <p>Pictures are drawn with the light variants. In SVG each carries a class by which a style sheet
 * puts the dark one in its place. The hues of the series are those of M. Okabe and K. Ito, "Color
 * Universal Design" (2008), which colour-blind readers can tell apart, darkened to stand out from
 * white.
 */
final class Theme {
  private record Pair(String name, String dark) {}

  private static final Map<Integer, Pair> PAIRS = new LinkedHashMap<>();

  /** The page. */
  static final Color PAPER = color("paper", "#ffffff", "#14171c");

  /** Text and axes. */
  static final Color INK = color("ink", "#1c2128", "#e3e8ee");

  /** Text of less weight. */
  static final Color MUTED = color("muted", "#57606a", "#a3adb8");

  /** Lines behind the data. */
  static final Color GRID = color("grid", "#dde1e6", "#343a42");

  /** The first series, and the scale of the confusion matrix. */
  static final Color BLUE = color("blue", "#0064a5", "#6cb8f0");

  /** The second series. */
  static final Color ORANGE = color("orange", "#c25100", "#f29a4a");

  /** The third series; what is right. */
  static final Color GREEN = color("green", "#007a5a", "#3fc49a");

  /** What is not part of forward or backward. */
  static final Color PURPLE = color("purple", "#a34a80", "#dd94c0");

  /** Text on the full colour of the confusion matrix. */
  static final Color ON_BLUE = color("on-blue", "#fffffe", "#0b0d10");

  private Theme() {}

  private static Color color(String name, String light, String dark) {
    Color color = Color.decode(light);
    PAIRS.put(rgb(color), new Pair(name, dark));
    return color;
  }

  private static int rgb(Color color) {
    return color.getRGB() & 0xffffff;
  }

  /** A colour let through by a part: over the page in light and dark alike. */
  static Color faded(Color color, double opacity) {
    int alpha = (int) Math.round(255 * Math.max(0, Math.min(1, opacity)));
    return new Color(color.getRed(), color.getGreen(), color.getBlue(), alpha);
  }

  /** The name of a colour, whatever its opacity. */
  static Optional<String> name(Color color) {
    return Optional.ofNullable(PAIRS.get(rgb(color))).map(Pair::name);
  }

  /** The colour as SVG writes it, without its opacity. */
  static String hex(Color color) {
    return String.format("#%06x", rgb(color));
  }

  /** The rules of a style sheet by which pictures follow a reader who asked for dark pages. */
  static String darkRules() {
    StringBuilder rules = new StringBuilder("@media screen and (prefers-color-scheme: dark) {\n");
    for (Pair pair : PAIRS.values()) {
      rules.append("  .f-").append(pair.name()).append(" { fill: ").append(pair.dark());
      rules.append("; }\n  .s-").append(pair.name()).append(" { stroke: ").append(pair.dark());
      rules.append("; }\n");
    }
    return rules.append("}\n").toString();
  }
}
