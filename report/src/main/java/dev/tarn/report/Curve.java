package dev.tarn.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A function given by points, such as the learning rate over steps.
 *
 * @param x ascending
 * @param y as many; NaN and infinities are gaps
 */
public record Curve(List<Double> x, List<Double> y) {
  /** Copies the lists. */
  public Curve {
    if (x.size() != y.size()) {
      throw new IllegalArgumentException(
          "curve: " + x.size() + " values of x, but " + y.size() + " of y");
    }
    x = List.copyOf(x);
    y = List.copyOf(y);
  }

  /** The points whose values are finite. */
  Curve finite() {
    List<Double> keptX = new ArrayList<>();
    List<Double> keptY = new ArrayList<>();
    for (int i = 0; i < x.size(); i++) {
      if (Double.isFinite(x.get(i)) && Double.isFinite(y.get(i))) {
        keptX.add(x.get(i));
        keptY.add(y.get(i));
      }
    }
    return new Curve(keptX, keptY);
  }

  /**
   * The curve with fewer points that looks the same: the lowest and the highest of each of {@code
   * parts} stretches.
   */
  Curve thinned(int parts) {
    if (x.size() <= 2 * parts) {
      return this;
    }
    List<Double> keptX = new ArrayList<>();
    List<Double> keptY = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      int from = (int) ((long) part * x.size() / parts);
      int to = (int) ((long) (part + 1) * x.size() / parts);
      int low = from;
      int high = from;
      for (int i = from; i < to; i++) {
        low = y.get(i) < y.get(low) ? i : low;
        high = y.get(i) > y.get(high) ? i : high;
      }
      for (int i : new int[] {Math.min(low, high), Math.max(low, high)}) {
        keptX.add(x.get(i));
        keptY.add(y.get(i));
      }
    }
    return new Curve(keptX, keptY);
  }
}
