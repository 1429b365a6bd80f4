package dev.tarn.data;

import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.Spec;

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
  public Spec targetSpec() {
    return all.targetSpec();
  }

  @Override
  public int classes() {
    return all.classes();
  }

  @Override
  public void gather(int[] indices, int from, HostTensor features, HostTensor targets) {
    int[] mapped = new int[targets.shape().dim(0)];
    for (int i = 0; i < mapped.length; i++) {
      mapped[i] = chosen[indices[from + i]];
    }
    all.gather(mapped, 0, features, targets);
  }
}
