package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.data.Batches.Batch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Examples whose features are rows of a store, 32-bit numbers or unsigned bytes. */
final class StoredDataset implements Dataset {
  private final RowStore rows;
  private final boolean bytes;
  private final Shape shape;
  private final @Nullable HostTensor targets;
  private final List<Spec> targetSpecs;
  private final int classes;

  /**
   * Data of a store.
   *
   * @param bytes whether rows are unsigned bytes rather than numbers
   * @param shape the features of one example
   * @param targets i32 {@code [N]} or f32 {@code [N, ...]}, or null if there are none
   */
  StoredDataset(
      RowStore rows, boolean bytes, Shape shape, @Nullable HostTensor targets, int classes) {
    this.rows = rows;
    this.bytes = bytes;
    this.shape = shape;
    this.targets = targets;
    this.targetSpecs =
        targets == null
            ? List.of()
            : List.of(new Spec(targets.spec().dtype(), targets.shape().withoutFirst()));
    this.classes = classes;
  }

  @Override
  public int size() {
    return rows.rows();
  }

  @Override
  public List<Spec> features() {
    return List.of(Spec.f32(shape));
  }

  @Override
  public List<Spec> targets() {
    return targetSpecs;
  }

  @Override
  public int classes() {
    return classes;
  }

  @Override
  public void gather(int[] indices, int from, Batch batch) {
    float[] to = batch.feature().floats();
    int stride = shape.intSize();
    for (int i = 0; i < batch.size(); i++) {
      if (bytes) {
        rows.unsigned(indices[from + i], to, i * stride);
      } else {
        rows.floats(indices[from + i], to, i * stride);
      }
    }
    if (targets != null && !batch.targets().isEmpty()) {
      ArrayDataset.copy(indices, from, targets, batch.target());
    }
  }
}
