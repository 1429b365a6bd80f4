package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * Data sets from what a Java program has: arrays, or anything that can be iterated over once.
 *
 * <p>Examples are copied. Those of an {@link Iterable} are taken one by one and kept as 32-bit
 * numbers, in memory while they fit a quarter of the Java heap, else in a temporary file. For
 * several inputs or targets, or without a copy, see {@link ArrayDataset#of}.
 */
public final class Examples {
  private Examples() {}

  /**
   * Examples of classes.
   *
   * @param features {@code [N][F]}
   * @param labels a class for each, from 0
   * @throws TarnException if rows differ in length, a number is not finite, or a label is out of
   *     range
   */
  public static Dataset of(float[][] features, int[] labels, int classes) {
    checkCount(features.length, labels.length);
    int[] next = {0};
    return collect(Arrays.asList(features), row -> row, row -> labels[next[0]++], classes);
  }

  /**
   * Examples with numbers to predict.
   *
   * @param features {@code [N][F]}
   * @param targets {@code [N][T]}
   * @throws TarnException if rows differ in length or a number is not finite
   */
  public static Dataset of(float[][] features, float[][] targets) {
    checkCount(features.length, targets.length);
    int[] next = {0};
    return collect(Arrays.asList(features), row -> row, row -> targets[next[0]++]);
  }

  /**
   * Examples of classes, from anything.
   *
   * @param features the features of one, always as many
   * @param label the class of one, from 0; asked for once, after its features
   * @throws TarnException if there are none, they differ in length, a number is not finite, or a
   *     label is out of range
   */
  public static <T> Dataset collect(
      Iterable<T> examples,
      Function<? super T, float[]> features,
      ToIntFunction<? super T> label,
      int classes) {
    int[] labels = new int[256];
    int count = 0;
    Rows rows = new Rows();
    for (T example : examples) {
      rows.add(features.apply(example));
      if (count == labels.length) {
        labels = Arrays.copyOf(labels, count * 2);
      }
      int value = label.applyAsInt(example);
      if (value < 0 || value >= classes) {
        throw new TarnException(
            "data: example "
                + count
                + " has label "
                + value
                + ", not one of 0 to "
                + (classes - 1));
      }
      labels[count++] = value;
    }
    return rows.dataset(HostTensor.of(Arrays.copyOf(labels, count), count), classes);
  }

  /**
   * Examples with numbers to predict, from anything.
   *
   * @param features the features of one, always as many
   * @param targets the numbers to predict of one, always as many
   * @throws TarnException if there are none, they differ in length, or a number is not finite
   */
  public static <T> Dataset collect(
      Iterable<T> examples,
      Function<? super T, float[]> features,
      Function<? super T, float[]> targets) {
    float[] wanted = new float[256];
    int width = -1;
    int count = 0;
    Rows rows = new Rows();
    for (T example : examples) {
      rows.add(features.apply(example));
      float[] row = targets.apply(example);
      width = width < 0 ? row.length : width;
      check(row, width, count, "targets");
      if ((count + 1) * width > wanted.length) {
        wanted = Arrays.copyOf(wanted, Math.max(wanted.length * 2, (count + 1) * width));
      }
      System.arraycopy(row, 0, wanted, count * width, width);
      count++;
    }
    int size = Math.max(0, count * width);
    return rows.dataset(HostTensor.of(Arrays.copyOf(wanted, size), count, Math.max(1, width)), 0);
  }

  private static void checkCount(int features, int targets) {
    if (features != targets) {
      throw new TarnException(
          "data: " + features + " examples have features, " + targets + " have targets");
    }
  }

  private static void check(float[] row, int width, int example, String what) {
    if (row.length != width || width == 0) {
      throw new TarnException(
          "data: example " + example + " has " + row.length + " " + what + ", expected " + width);
    }
    for (float value : row) {
      if (!Float.isFinite(value)) {
        throw new TarnException(
            "data: example " + example + " has " + value + " among its " + what);
      }
    }
  }

  private static final class Rows {
    private RowStore store = new RowStore("data", 4, 0);
    private int width = -1;

    void add(float[] row) {
      if (width < 0) {
        width = row.length;
        check(row, width, 0, "features");
        store = new RowStore("data", width * 4, RowStore.defaultMemory());
      }
      check(row, width, store.rows(), "features");
      store.append(row);
    }

    Dataset dataset(HostTensor targets, int classes) {
      if (width < 0) {
        throw new TarnException("data: there are no examples");
      }
      return new StoredDataset(store.finish(), false, Shape.of(width), targets, classes);
    }
  }
}
