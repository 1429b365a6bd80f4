package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.TarnException;
import dev.tarn.data.Batches.Batch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Examples of f32 that are shifted, scaled and given a shape when they are asked for. */
final class NormalizedDataset implements Dataset {
  private final Dataset raw;
  private final Normalization normalization;
  private final Shape given;
  private final Shape shape;

  NormalizedDataset(Dataset raw, Normalization normalization, @Nullable Shape shape) {
    this.raw = raw;
    this.normalization = normalization;
    this.given = raw.featureShape();
    this.shape = shape == null ? given : shape;
    checkFills(this.shape, given.size());
    // rows written out of images have as many values, in the same order
    if (given.size() % normalization.size() != 0) {
      throw new TarnException(
          "preprocessing: examples are "
              + given
              + "; those it was learned from had "
              + normalization.size()
              + " features or channels");
    }
  }

  static void checkFills(Shape shape, long features) {
    if (shape.size() != features) {
      throw new TarnException(
          "data.shape: "
              + shape
              + " has "
              + shape.size()
              + " elements, an example has "
              + features
              + " features");
    }
  }

  @Override
  public int size() {
    return raw.size();
  }

  @Override
  public List<Spec> features() {
    return List.of(Spec.f32(shape));
  }

  @Override
  public List<Spec> targets() {
    return raw.targets();
  }

  @Override
  public int classes() {
    return raw.classes();
  }

  @Override
  public void gather(int[] indices, int from, Batch batch) {
    HostTensor features = batch.feature();
    HostTensor same = features.reshape(given.prepend(batch.size()).dims());
    raw.gather(indices, from, new Batch(List.of(same), batch.targets()));
    normalization.apply(features.floats(), batch.size());
  }
}
