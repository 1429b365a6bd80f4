package dev.tarn.train;

import dev.tarn.backend.DeviceMemoryException;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.data.Dataset;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Goes over data sets in their order, in batches that the device's memory holds. */
final class InOrder {
  private static final Logger LOG = LoggerFactory.getLogger(InOrder.class);

  private int size;

  /**
   * Batches of a size.
   *
   * @param size examples in a batch; halved where they do not fit the device
   */
  InOrder(int size) {
    this.size = size;
  }

  /**
   * Shows every batch.
   *
   * @param action runs a step on the batch; the tensors are reused afterwards
   * @throws DeviceMemoryException if not even one example fits
   */
  void forEach(Dataset data, Consumer<Batch> action) {
    Batches batches = new Batches(data, size, false);
    batches.startEpoch(0, 0);
    for (int i = 0; i < batches.count(); i++) {
      Batch batch = batches.load(i);
      try {
        action.accept(batch);
      } catch (DeviceMemoryException e) {
        // Nothing was taken yet if it is the first; the others are no larger.
        if (i > 0 || batch.size() == 1) {
          throw e;
        }
        size = batch.size() / 2;
        LOG.warn(
            "{} examples at once do not fit the device for evaluation; from here on it is {}",
            batch.size(),
            size);
        forEach(data, action);
        return;
      }
    }
  }
}
