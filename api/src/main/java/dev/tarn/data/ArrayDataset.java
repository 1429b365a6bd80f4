package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;

/** A data set in memory. */
public final class ArrayDataset implements Dataset {
  private final float[] features;
  private final int[] labels;
  private final Shape featureShape;
  private final int stride;
  private final int classes;

  /**
   * A data set over arrays, which are not copied.
   *
   * @param features f32 {@code [N, ...]}
   * @param labels i32 {@code [N]}
   * @param classes the number of classes
   * @throws TarnException if the numbers of examples differ or a label is out of range
   */
  public ArrayDataset(HostTensor features, HostTensor labels, int classes) {
    if (features.shape().rank() < 1
        || labels.shape().rank() != 1
        || labels.size() != features.shape().dim(0)) {
      throw new TarnException(
          "data: features " + features.spec() + " and labels " + labels.spec() + " do not match");
    }
    this.features = features.floats();
    this.labels = labels.ints();
    this.featureShape = features.shape().withoutFirst();
    this.stride = featureShape.intSize();
    this.classes = classes;
    for (int i = 0; i < this.labels.length; i++) {
      if (this.labels[i] < 0 || this.labels[i] >= classes) {
        throw new TarnException(
            "data: example "
                + i
                + " has label "
                + this.labels[i]
                + ", not one of 0 to "
                + (classes - 1));
      }
    }
  }

  @Override
  public int size() {
    return labels.length;
  }

  @Override
  public Shape featureShape() {
    return featureShape;
  }

  @Override
  public int classes() {
    return classes;
  }

  @Override
  public void gather(int[] indices, int from, HostTensor batch, HostTensor batchLabels) {
    float[] to = batch.floats();
    int[] toLabels = batchLabels.ints();
    for (int i = 0; i < toLabels.length; i++) {
      int index = indices[from + i];
      System.arraycopy(features, index * stride, to, i * stride, stride);
      toLabels[i] = labels[index];
    }
  }
}
