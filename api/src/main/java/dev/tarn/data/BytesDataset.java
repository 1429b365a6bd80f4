package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.data.Batches.Batch;
import java.util.List;

/** Examples of unsigned bytes in memory, such as images, given out as numbers from 0 to 255. */
final class BytesDataset implements Dataset {
  private final byte[] values;
  private final Shape shape;
  private final HostTensor labels;
  private final int classes;

  BytesDataset(byte[] values, Shape shape, HostTensor labels, int classes) {
    this.values = values;
    this.shape = shape;
    this.labels = labels;
    this.classes = classes;
  }

  @Override
  public int size() {
    return labels.size();
  }

  @Override
  public List<Spec> features() {
    return List.of(Spec.f32(shape));
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
      int row = indices[from + i] * stride;
      for (int j = 0; j < stride; j++) {
        to[i * stride + j] = values[row + j] & 0xff;
      }
    }
    ArrayDataset.copy(indices, from, labels, batch.target());
  }
}
