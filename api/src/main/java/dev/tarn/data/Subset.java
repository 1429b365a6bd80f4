package dev.tarn.data;

import dev.tarn.Spec;
import dev.tarn.data.Batches.Batch;
import java.util.List;

/** Some examples of a data set. */
final class Subset implements Dataset {
  private final Dataset all;
  private final int[] chosen;

  Subset(Dataset all, int[] chosen) {
    this.all = all;
    this.chosen = chosen.clone();
  }

  @Override
  public int size() {
    return chosen.length;
  }

  @Override
  public List<Spec> features() {
    return all.features();
  }

  @Override
  public List<Spec> targets() {
    return all.targets();
  }

  @Override
  public int classes() {
    return all.classes();
  }

  @Override
  public void gather(int[] indices, int from, Batch batch) {
    int[] mapped = new int[batch.size()];
    for (int i = 0; i < mapped.length; i++) {
      mapped[i] = chosen[indices[from + i]];
    }
    all.gather(mapped, 0, batch);
  }
}
