package dev.tarn.train;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.backend.Inspection;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;

/** Finds out where a NaN or an infinity came from. */
final class NonFinite {
  private NonFinite() {}

  /** Runs the step that failed once more, operation by operation. */
  static NonFiniteException explain(TrainStep step, Batches train, long seed, int failed) {
    int epoch = (failed - 1) / train.count();
    train.startEpoch(seed, epoch);
    Batch batch = train.load((failed - 1) % train.count());
    Inspection inspection = step.inspect(failed, batch);
    String where;
    String remedy = "Clean the data.";
    if (!isFinite(batch.features())) {
      where = "the features of a batch have NaN or infinity";
    } else if (!isFinite(batch.targets())) {
      where = "the targets of a batch have NaN or infinity";
    } else {
      where =
          inspection
              .firstNonFinite()
              .map(Inspection.Entry::operation)
              .orElse("an operation")
              .concat(" gave NaN or infinity");
      remedy = "Lower the learning rate, or look at the inspection of the step.";
    }
    return new NonFiniteException(
        String.format(
            "step %d (epoch %d): %s; the parameters are those before this step.%n%s",
            failed, epoch + 1, where, remedy),
        failed,
        inspection);
  }

  private static boolean isFinite(HostTensor tensor) {
    if (tensor.spec().dtype() == DType.I32) {
      return true;
    }
    for (float value : tensor.floats()) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
