package dev.tarn.train;

import dev.tarn.Spec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a step is compiled for.
 *
 * @param kind what it does
 * @param features the specs of a batch
 */
record StepKey(Kind kind, List<Spec> features) {
  enum Kind {
    TRAIN,
    ACCUMULATE,
    EVALUATE,
    PREDICT,
    PROBE,
    STATISTICS
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof StepKey key && kind == key.kind && features.equals(key.features);
  }

  @Override
  public int hashCode() {
    return 31 * kind.ordinal() + features.hashCode();
  }

  @Override
  public String toString() {
    return features.toString();
  }
}
