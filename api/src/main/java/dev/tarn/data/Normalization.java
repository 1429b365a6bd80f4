package dev.tarn.data;

import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import java.util.Arrays;
import java.util.Locale;

/**
 * Shifts and scales features: {@code (x - shift) * factor}, in f32.
 *
 * <p>There is one pair of numbers for each feature of a vector {@code [F]}, for each channel of an
 * image {@code [C, H, W]}, and one in all for other shapes.
 */
public final class Normalization {
  /** What is made alike. */
  public enum Method {
    /** Nothing. */
    NONE,
    /** Mean 0 and standard deviation 1 over the training examples. */
    STANDARD,
    /** The training examples' smallest value becomes 0, their largest 1. */
    MINMAX;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final float[] shift;
  private final float[] factor;

  Normalization(float[] shift, float[] factor) {
    this.shift = shift;
    this.factor = factor;
  }

  /** Multiplies everything by a number. */
  public static Normalization scale(double factor) {
    return new Normalization(new float[1], new float[] {(float) factor});
  }

  /**
   * Looks at examples, which should be those of the training part only.
   *
   * @throws TarnException if the features are not one tensor of f32
   */
  public static Normalization fit(Dataset train, Method method) {
    Shape shape = train.featureShape();
    return method == Method.NONE
        ? scale(1)
        : Statistics.of(train, groups(shape)).normalization(method, 1);
  }

  /** How many pairs of numbers a shape has. */
  static int groups(Shape shape) {
    return shape.rank() == 1 || shape.rank() == 3 ? shape.dim(0) : 1;
  }

  /** How many there are of shifts and factors. */
  int size() {
    return shift.length;
  }

  /** What is subtracted; a copy. */
  public float[] shift() {
    return shift.clone();
  }

  /** What is multiplied by; a copy. */
  public float[] factor() {
    return factor.clone();
  }

  /** One value. */
  float apply(float value, int group) {
    int i = shift.length == 1 ? 0 : group;
    return (value - shift[i]) * factor[i];
  }

  /** All values of some examples that lie one after the other, in place. */
  void apply(float[] values, int examples) {
    if (shift.length == 1 && shift[0] == 0 && factor[0] == 1) {
      return;
    }
    int groups = shift.length;
    int stride = values.length / examples / groups;
    for (int i = 0, at = 0; at < values.length; i++) {
      float s = shift[i % groups];
      float f = factor[i % groups];
      for (int end = at + stride; at < end; at++) {
        values[at] = (values[at] - s) * f;
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Normalization n
        && Arrays.equals(shift, n.shift)
        && Arrays.equals(factor, n.factor);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(shift) + Arrays.hashCode(factor);
  }

  @Override
  public String toString() {
    return "(x - " + Arrays.toString(shift) + ") * " + Arrays.toString(factor);
  }

  /** Sums over examples in double; NaN stands for a missing value and counts as missing. */
  static final class Statistics {
    private static final int BATCH = 256;

    final long[] count;
    final long[] missing;
    final double[] mean;
    private final double[] squares;
    private final float[] smallest;
    private final float[] largest;

    private Statistics(int groups) {
      count = new long[groups];
      missing = new long[groups];
      mean = new double[groups];
      squares = new double[groups];
      smallest = new float[groups];
      largest = new float[groups];
      Arrays.fill(smallest, Float.POSITIVE_INFINITY);
      Arrays.fill(largest, Float.NEGATIVE_INFINITY);
    }

    /** Looks at the features of all examples. */
    static Statistics of(Dataset data, int groups) {
      Statistics all = new Statistics(groups);
      each(
          data,
          (values, examples) -> {
            int stride = values.length / examples / groups;
            for (int i = 0, at = 0; at < values.length; i++, at += stride) {
              all.add(i % groups, values, at, at + stride);
            }
          });
      return all;
    }

    /** What is done with the features of some examples, one after the other. */
    interface Visitor {
      void visit(float[] values, int examples);
    }

    /** Goes through the only features of all examples, a batch at a time. */
    static void each(Dataset data, Visitor visitor) {
      Batches batches = new Batches(data, BATCH, false);
      batches.startEpoch(0, 0);
      for (int i = 0; i < batches.count(); i++) {
        Batch batch = batches.load(i);
        visitor.visit(batch.feature().floats(), batch.size());
      }
    }

    /**
     * Adds values that lie side by side: their own mean and squares, merged with those before (T.
     * Chan, G. Golub, R. LeVeque, The American Statistician 37 (1983) 242).
     */
    private void add(int group, float[] values, int from, int to) {
      int some = 0;
      double sum = 0;
      float low = smallest[group];
      float high = largest[group];
      for (int i = from; i < to; i++) {
        float value = values[i];
        if (value == value) {
          some++;
          sum += value;
          low = Math.min(low, value);
          high = Math.max(high, value);
        }
      }
      missing[group] += to - from - some;
      if (some == 0) {
        return;
      }
      double own = sum / some;
      double deviations = 0;
      for (int i = from; i < to; i++) {
        double deviation = values[i] - own;
        deviations += deviation == deviation ? deviation * deviation : 0;
      }
      long all = count[group] + some;
      double delta = own - mean[group];
      squares[group] += deviations + delta * delta * count[group] * some / all;
      mean[group] += delta * some / all;
      count[group] = all;
      smallest[group] = low;
      largest[group] = high;
    }

    /** What makes the values alike; a constant one is only shifted. */
    Normalization normalization(Method method, double scale) {
      int groups = count.length;
      float[] shift = new float[groups];
      float[] factor = new float[groups];
      Arrays.fill(factor, (float) scale);
      for (int i = 0; i < groups && method != Method.NONE; i++) {
        boolean standard = method == Method.STANDARD;
        double width =
            standard ? Math.sqrt(squares[i] / count[i]) : (double) largest[i] - smallest[i];
        shift[i] = standard ? (float) mean[i] : smallest[i];
        // beyond the range of f32 a factor would be infinite
        boolean constant = !(width > Float.MIN_NORMAL);
        factor[i] = constant ? 1 : (float) (1 / width);
      }
      return new Normalization(shift, factor);
    }
  }
}
