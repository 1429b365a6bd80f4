package dev.tarn.train;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import dev.tarn.backend.Inspection;
import dev.tarn.data.Batches.Batch;
import dev.tarn.ir.SoftmaxCrossEntropy;
import java.util.Optional;

/**
 * Training met a NaN or an infinity; the parameters are those before the failing step. The message
 * names the step, the operation and its source line.
 */
public final class NonFiniteException extends TarnException {
  private static final long serialVersionUID = 1L;

  private final transient Inspection inspection;
  private final long step;

  private NonFiniteException(String message, long step, Inspection inspection) {
    super(message);
    this.step = step;
    this.inspection = inspection;
  }

  /** What went wrong in a step, from its replay and its batch. */
  static NonFiniteException of(Inspection inspection, Batch batch, int step, int epoch) {
    Optional<Inspection.Entry> first = inspection.firstNonFinite();
    String cause = first.map(Inspection.Entry::operation).orElse("an operation");
    String remedy = "Lower the learning rate.";
    cause += " gave NaN or infinity";
    if (!isFinite(batch.feature())) {
      cause = "the features of a batch have NaN or infinity";
      remedy = "Clean the data.";
    } else if (batch.target().spec().dtype() != DType.I32 && !isFinite(batch.target())) {
      cause = "the targets of a batch have NaN or infinity";
      remedy = "Clean the data.";
    } else if (first.isPresent() && first.get().node().op() instanceof SoftmaxCrossEntropy) {
      int classes = first.get().node().inputs().get(0).spec().shape().dim(1);
      for (int label : batch.target().ints()) {
        if (label < 0 || label >= classes) {
          cause = "label " + label + " is not one of the model's " + classes + " classes";
          remedy = "Give the last layer one output per class.";
        }
      }
    }
    return new NonFiniteException(
        String.format(
            "step %d (epoch %d): %s; the parameters are those before this step.%n%s",
            step, epoch, cause, remedy),
        step,
        inspection);
  }

  private static boolean isFinite(HostTensor tensor) {
    for (float value : tensor.floats()) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  /** The failing step, from 1. */
  public long step() {
    return step;
  }

  /** The failing step replayed node by node. */
  public Inspection inspection() {
    return inspection;
  }
}
