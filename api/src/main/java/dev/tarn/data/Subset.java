package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;

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
  public Shape featureShape() {
    return all.featureShape();
  }

  @Override
  public int classes() {
    return all.classes();
  }

  @Override
  public void gather(int[] indices, int from, HostTensor features, HostTensor labels) {
    int[] mapped = new int[labels.size()];
    for (int i = 0; i < mapped.length; i++) {
      mapped[i] = chosen[indices[from + i]];
    }
    all.gather(mapped, 0, features, labels);
  }
}
