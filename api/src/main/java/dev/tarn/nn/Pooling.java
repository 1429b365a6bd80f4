package dev.tarn.nn;

import dev.tarn.PoolWindow;
import dev.tarn.Tensor;

/** Layers without parameters that make images {@code [N, C, H, W]} smaller or larger. */
public final class Pooling {
  private Pooling() {}

  /** The largest element of each window, as {@link Tensor#maxPool2d(PoolWindow)}. */
  public static Activation max(PoolWindow window) {
    return Activation.of("MaxPool2d", x -> x.maxPool2d(window));
  }

  /** The largest element of each square. */
  public static Activation max(int kernel) {
    return max(PoolWindow.of(kernel));
  }

  /** The average of each window, as {@link Tensor#averagePool2d(PoolWindow, boolean)}. */
  public static Activation average(PoolWindow window, boolean countIncludePad) {
    return Activation.of("AveragePool2d", x -> x.averagePool2d(window, countIncludePad));
  }

  /** The average of each square. */
  public static Activation average(int kernel) {
    return average(PoolWindow.of(kernel), false);
  }

  /** The average of each channel: {@code [N, C, H, W] -> [N, C]}. */
  public static Activation globalAverage() {
    return Activation.of("GlobalAveragePool2d", Tensor::globalAveragePool2d);
  }

  /** The average of each field of a grid, as {@link Tensor#adaptiveAveragePool2d}. */
  public static Activation adaptiveAverage(int rows, int columns) {
    return Activation.of("AdaptiveAveragePool2d", x -> x.adaptiveAveragePool2d(rows, columns));
  }

  /** The largest element of each field of a grid, as {@link Tensor#adaptiveMaxPool2d}. */
  public static Activation adaptiveMax(int rows, int columns) {
    return Activation.of("AdaptiveMaxPool2d", x -> x.adaptiveMaxPool2d(rows, columns));
  }

  /** Each element repeated in both directions, as {@link Tensor#upsampleNearest2d}. */
  public static Activation upsampleNearest(int factor) {
    return Activation.of("UpsampleNearest2d", x -> x.upsampleNearest2d(factor));
  }
}
