package dev.tarn.data;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A data set in memory. */
public final class ArrayDataset implements Dataset {
  private final List<HostTensor> features;
  private final List<HostTensor> targets;
  private final int classes;

  /**
   * Examples of classes, over arrays that are not copied.
   *
   * @param features f32 or i32 {@code [N, ...]}
   * @param labels i32 {@code [N]}
   * @param classes the number of classes
   * @throws TarnException if the numbers of examples differ or a label is out of range
   */
  public ArrayDataset(HostTensor features, HostTensor labels, int classes) {
    this(List.of(features), List.of(labels), classes);
    checkLabels(labels, classes, null);
  }

  private ArrayDataset(List<HostTensor> features, List<HostTensor> targets, int classes) {
    if (features.isEmpty()) {
      throw new TarnException("data: an example needs features");
    }
    this.features = List.copyOf(features);
    this.targets = List.copyOf(targets);
    this.classes = classes;
    check("features", this.features);
    check("targets", this.targets);
  }

  private void check(String what, List<HostTensor> tensors) {
    Spec first = features.get(0).spec();
    for (HostTensor tensor : tensors) {
      if (tensor.spec().dtype() == DType.F64) {
        throw new TarnException("data: " + what + " must be f32 or i32, not " + tensor.spec());
      }
      if (tensor.shape().rank() < 1
          || first.shape().rank() < 1
          || tensor.shape().dim(0) != first.shape().dim(0)) {
        throw new TarnException(
            "data: features " + first + " and " + what + " " + tensor.spec() + " do not match");
      }
    }
  }

  /**
   * Examples with any number of features and targets, over arrays that are not copied.
   *
   * @param features f32 or i32 {@code [N, ...]}, in the order of the model's inputs
   * @param targets f32 or i32 {@code [N, ...]}
   * @param classes for each target the number of its classes, 0 where it is numbers; labels are not
   *     checked if it is left out
   * @throws TarnException if the numbers of examples differ or a label is out of range
   */
  public static ArrayDataset of(
      List<HostTensor> features, List<HostTensor> targets, int... classes) {
    if (classes.length != 0 && classes.length != targets.size()) {
      throw new TarnException(
          "data: numbers of classes are given for "
              + classes.length
              + " targets, there are "
              + targets.size());
    }
    for (int i = 0; i < classes.length; i++) {
      if (classes[i] != 0) {
        checkLabels(targets.get(i), classes[i], null);
      }
    }
    return new ArrayDataset(features, targets, classes.length == 0 ? 0 : classes[0]);
  }

  /**
   * Examples of classes, some without one, over arrays that are not copied.
   *
   * @param features f32 or i32 {@code [N, ...]}
   * @param labels i32 {@code [N]}
   * @param classes the number of classes
   * @param none the label of examples without a class, for a loss that ignores it
   * @throws TarnException if the numbers of examples differ or another label is out of range
   */
  public static ArrayDataset partlyLabelled(
      HostTensor features, HostTensor labels, int classes, int none) {
    checkLabels(labels, classes, none);
    return new ArrayDataset(List.of(features), List.of(labels), classes);
  }

  /**
   * Examples with numbers to predict, over arrays that are not copied.
   *
   * @param features f32 or i32 {@code [N, ...]}
   * @param targets f32 {@code [N, ...]}
   * @throws TarnException if the numbers of examples differ or the targets are not f32
   */
  public static ArrayDataset ofNumbers(HostTensor features, HostTensor targets) {
    if (targets.spec().dtype() != DType.F32) {
      throw new TarnException("data: targets must be f32, not " + targets.spec());
    }
    return new ArrayDataset(List.of(features), List.of(targets), 0);
  }

  private static void checkLabels(HostTensor labels, int classes, @Nullable Integer none) {
    if (labels.spec().dtype() != DType.I32 || labels.shape().rank() != 1) {
      throw new TarnException("data: labels must be i32 [N], not " + labels.spec());
    }
    int[] values = labels.ints();
    for (int i = 0; i < values.length; i++) {
      boolean known = values[i] >= 0 && values[i] < classes;
      if (!known && (none == null || values[i] != none)) {
        throw new TarnException(
            "data: example "
                + i
                + " has label "
                + values[i]
                + ", not one of 0 to "
                + (classes - 1));
      }
    }
  }

  @Override
  public int size() {
    return features.get(0).shape().dim(0);
  }

  @Override
  public List<Spec> features() {
    return examples(features);
  }

  @Override
  public List<Spec> targets() {
    return examples(targets);
  }

  private static List<Spec> examples(List<HostTensor> tensors) {
    return tensors.stream().map(tensor -> tensor.spec().withoutFirst()).toList();
  }

  @Override
  public int classes() {
    return classes;
  }

  @Override
  public void gather(int[] indices, int from, Batch batch) {
    for (int i = 0; i < features.size(); i++) {
      copy(indices, from, features.get(i), batch.features().get(i));
    }
    for (int i = 0; i < targets.size(); i++) {
      copy(indices, from, targets.get(i), batch.targets().get(i));
    }
  }

  static void copy(int[] indices, int from, HostTensor all, HostTensor batch) {
    int count = batch.shape().dim(0);
    int stride = batch.size() / count;
    for (int i = 0; i < count; i++) {
      batch.copyFrom(all, indices[from + i] * stride, i * stride, stride);
    }
  }
}
