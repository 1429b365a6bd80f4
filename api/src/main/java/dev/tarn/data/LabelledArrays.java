package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.data.NumberArray.Element;
import java.nio.file.Path;
import java.util.List;

/**
 * Data sets whose features and targets are arrays in IDX or NumPy files.
 *
 * <p>The first axis counts the examples. Arrays of bytes {@code [N, H, W]} are gray images and
 * become {@code [1, H, W]}; bytes stay bytes in memory.
 */
public final class LabelledArrays {
  private static final int MAX_CLASSES = 1_000_000;

  private LabelledArrays() {}

  /**
   * Two IDX files.
   *
   * @param features {@code [N, ...]}
   * @param labels whole numbers from 0, {@code [N]}
   * @throws TarnException naming the file if one cannot be read, they do not match, a label is not
   *     a class or a number is not finite
   */
  public static DataSource idx(Path features, Path labels) {
    List<NumberArray> arrays = Idx.readAll(List.of(features, labels));
    return DataSource.of(features.toString(), classes(arrays.get(0), arrays.get(1), 0));
  }

  /**
   * Two arrays of an {@code .npz} file.
   *
   * @param features the name of the features {@code [N, ...]}
   * @param targets the name of the classes, whole numbers from 0, {@code [N]}; or of numbers to
   *     predict, {@code [N]} or {@code [N, ...]}
   * @param numbers whether the targets are numbers to predict
   * @throws TarnException as {@link #idx} does
   */
  public static DataSource npz(Path file, String features, String targets, boolean numbers) {
    NumberArray x = Npz.read(file, features);
    NumberArray y = Npz.read(file, targets);
    return DataSource.of(file.toString(), numbers ? numbers(x, y) : classes(x, y, 0));
  }

  /** The four files of MNIST and what is like it: images and labels, of training and test. */
  static DataSource images(String name, List<Path> files, List<String> labels) {
    List<NumberArray> arrays = Idx.readAll(files);
    return new DataSource(
        name,
        classes(arrays.get(0), arrays.get(1), 10),
        classes(arrays.get(2), arrays.get(3), 10),
        labels,
        null);
  }

  /** Examples of classes; with 0 classes there are as many as the largest label says. */
  static Dataset classes(NumberArray features, NumberArray targets, int classes) {
    checkMatch(features, targets, true);
    HostTensor labels = targets.ints();
    int most = 1;
    int limit = classes == 0 ? MAX_CLASSES : classes;
    for (int i = 0; i < labels.size(); i++) {
      int label = labels.ints()[i];
      if (label < 0 || label >= limit) {
        throw new TarnException(
            targets.name()
                + ": example "
                + i
                + " has label "
                + label
                + ", not one of 0 to "
                + (limit - 1));
      }
      most = Math.max(most, label);
    }
    int count = classes == 0 ? most + 1 : classes;
    return features.element() == Element.U8
        ? new BytesDataset(features.bytes(), example(features), labels, count)
        : new ArrayDataset(floats(features), labels, count);
  }

  private static Dataset numbers(NumberArray features, NumberArray targets) {
    checkMatch(features, targets, false);
    HostTensor wanted = targets.requireFinite().floats();
    if (wanted.shape().rank() == 1) {
      wanted = wanted.reshape(wanted.shape().dim(0), 1);
    }
    return ArrayDataset.ofNumbers(floats(features), wanted);
  }

  private static HostTensor floats(NumberArray features) {
    HostTensor values = features.requireFinite().floats();
    return values.reshape(example(features).prepend(features.shape().dim(0)).dims());
  }

  private static Shape example(NumberArray features) {
    Shape shape = features.shape().withoutFirst();
    boolean gray = features.element() == Element.U8 && shape.rank() == 2;
    return gray ? shape.prepend(1) : shape.rank() == 0 ? Shape.of(1) : shape;
  }

  private static void checkMatch(NumberArray features, NumberArray targets, boolean labels) {
    Shape x = features.shape();
    Shape y = targets.shape();
    if (x.rank() < 1 || y.rank() < 1 || x.dim(0) != y.dim(0) || (labels && y.rank() != 1)) {
      throw new TarnException(
          targets.name()
              + ": "
              + y
              + " does not fit the features "
              + x
              + " of "
              + features.name()
              + (labels ? "; one label for each example was expected" : ""));
    }
  }
}
