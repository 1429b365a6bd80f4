package dev.tarn.data;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import org.jspecify.annotations.Nullable;

/** A data set in memory. */
public final class ArrayDataset implements Dataset {
  private final HostTensor features;
  private final HostTensor targets;
  private final Spec targetSpec;
  private final int classes;

  /**
   * Examples of classes, over arrays that are not copied.
   *
   * @param features f32 {@code [N, ...]}
   * @param labels i32 {@code [N]}
   * @param classes the number of classes
   * @throws TarnException if the numbers of examples differ or a label is out of range
   */
  public ArrayDataset(HostTensor features, HostTensor labels, int classes) {
    this(classes, features, labels);
    checkLabels(null);
  }

  private ArrayDataset(int classes, HostTensor features, HostTensor targets) {
    boolean ints = targets.spec().dtype() == DType.I32;
    if (features.shape().rank() < 1
        || targets.shape().rank() < 1
        || (ints && targets.shape().rank() != 1)
        || targets.shape().dim(0) != features.shape().dim(0)) {
      throw new TarnException(
          "data: features " + features.spec() + " and targets " + targets.spec() + " do not match");
    }
    this.features = features;
    this.targets = targets;
    this.targetSpec = new Spec(targets.spec().dtype(), targets.shape().withoutFirst());
    this.classes = classes;
  }

  /**
   * Examples of classes, some without one, over arrays that are not copied.
   *
   * @param features f32 {@code [N, ...]}
   * @param labels i32 {@code [N]}
   * @param classes the number of classes
   * @param none the label of examples without a class, for a loss that ignores it
   * @throws TarnException if the numbers of examples differ or another label is out of range
   */
  public static ArrayDataset partlyLabelled(
      HostTensor features, HostTensor labels, int classes, int none) {
    ArrayDataset data = new ArrayDataset(classes, features, labels);
    data.checkLabels(none);
    return data;
  }

  /**
   * Examples with numbers to predict, over arrays that are not copied.
   *
   * @param features f32 {@code [N, ...]}
   * @param targets f32 {@code [N, ...]}
   * @throws TarnException if the numbers of examples differ or the targets are not f32
   */
  public static ArrayDataset ofNumbers(HostTensor features, HostTensor targets) {
    if (targets.spec().dtype() != DType.F32) {
      throw new TarnException("data: targets must be f32, not " + targets.spec());
    }
    return new ArrayDataset(0, features, targets);
  }

  private void checkLabels(@Nullable Integer none) {
    int[] labels = targets.ints();
    for (int i = 0; i < labels.length; i++) {
      boolean known = labels[i] >= 0 && labels[i] < classes;
      if (!known && (none == null || labels[i] != none)) {
        throw new TarnException(
            "data: example "
                + i
                + " has label "
                + labels[i]
                + ", not one of 0 to "
                + (classes - 1));
      }
    }
  }

  @Override
  public int size() {
    return features.shape().dim(0);
  }

  @Override
  public Shape featureShape() {
    return features.shape().withoutFirst();
  }

  @Override
  public Spec targetSpec() {
    return targetSpec;
  }

  @Override
  public int classes() {
    return classes;
  }

  @Override
  public void gather(int[] indices, int from, HostTensor batch, HostTensor batchTargets) {
    int count = batch.shape().dim(0);
    copy(indices, from, count, features.floats(), batch.floats());
    if (targetSpec.dtype() == DType.I32) {
      copy(indices, from, count, targets.ints(), batchTargets.ints());
    } else {
      copy(indices, from, count, targets.floats(), batchTargets.floats());
    }
  }

  private static void copy(int[] indices, int from, int count, float[] all, float[] to) {
    int stride = to.length / count;
    for (int i = 0; i < count; i++) {
      System.arraycopy(all, indices[from + i] * stride, to, i * stride, stride);
    }
  }

  private static void copy(int[] indices, int from, int count, int[] all, int[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = all[indices[from + i]];
    }
  }
}
