package dev.tarn.train;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.TarnException;
import dev.tarn.backend.Inspection;
import dev.tarn.data.Batches;
import dev.tarn.data.Batches.Batch;
import dev.tarn.ir.Gather;
import dev.tarn.ir.SoftmaxCrossEntropy;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Training met a NaN or an infinity; the parameters are those before the failing step. The message
 * names the step, the operation and its source line.
 */
public final class NonFiniteException extends TarnException {
  private static final long serialVersionUID = 1L;
  private static final String LOWER = "Lower the learning rate.";

  private final transient Inspection inspection;
  private final long step;
  private final String remedy;

  private NonFiniteException(String message, long step, Inspection inspection, String remedy) {
    super(message);
    this.remedy = remedy;
    this.step = step;
    this.inspection = inspection;
  }

  /**
   * What went wrong in a step of a training, whose batch is made and run again: a label that is no
   * class is no {@link NonFiniteException}, but has it as the cause.
   */
  static TarnException of(TrainStep training, Batches batches, int step, Settings settings) {
    int epoch = (step - 1) / batches.count();
    batches.startEpoch(settings.seed(), epoch);
    Batch batch = batches.load((step - 1) % batches.count());
    Inspection inspection = training.inspect(step, batch);
    Optional<Inspection.Entry> first = inspection.firstNonFinite();
    String cause = first.map(Inspection.Entry::operation).orElse("an operation");
    Turn turn = Turn.of(step, batches.count(), settings.updates().accumulate());
    String remedy =
        turn.update() == 1
            ? "No update was made yet: look at the data and the initial values."
            : LOWER;
    boolean isLabel = false;
    cause += " gave NaN or infinity";
    if (!isFinite(batch.features())) {
      cause = "the features of a batch have NaN or infinity";
      remedy = "Clean the data.";
    } else if (!isFinite(batch.targets())) {
      cause = "the targets of a batch have NaN or infinity";
      remedy = "Clean the data.";
    } else if (first.isPresent() && first.get().node().op() instanceof SoftmaxCrossEntropy) {
      int classes = extent(first.get(), 1);
      Integer label = outside(batch.targets(), classes);
      if (label != null) {
        isLabel = true;
        cause = "label " + label + " is not one of the model's " + classes + " classes";
        remedy = "Give the last layer one output per class.";
      }
    } else if (first.isPresent() && first.get().node().op() instanceof Gather) {
      int vocabulary = extent(first.get(), 0);
      Integer number = outside(batch.features(), vocabulary);
      if (number != null) {
        cause += ": number " + number + " is not in the vocabulary of " + vocabulary;
        remedy = "Numbers begin at 0; give the embedding a larger vocabulary.";
      }
    }
    String message =
        String.format(
            "step %d (epoch %d): %s; the parameters are those before this step.%n%s",
            step, epoch + 1, cause, remedy);
    NonFiniteException failure = new NonFiniteException(message, step, inspection, remedy);
    return isLabel ? new TarnException(message, failure) : failure;
  }

  private static int extent(Inspection.Entry entry, int axis) {
    return entry.node().inputs().get(0).spec().shape().dim(axis);
  }

  /** An integer that is not in [0, count), if there is one kind of integers to look at. */
  private static @Nullable Integer outside(List<HostTensor> tensors, int count) {
    List<HostTensor> ints =
        tensors.stream().filter(tensor -> tensor.spec().dtype() == DType.I32).toList();
    if (ints.size() != 1) {
      return null;
    }
    for (int value : ints.get(0).ints()) {
      if (value < 0 || value >= count) {
        return value;
      }
    }
    return null;
  }

  private static boolean isFinite(List<HostTensor> tensors) {
    for (HostTensor tensor : tensors) {
      if (tensor.spec().dtype() != DType.I32
          && !Arrays.stream(tensor.toDoubles()).allMatch(Double::isFinite)) {
        return false;
      }
    }
    return true;
  }

  /** The failing step, from 1. */
  public long step() {
    return step;
  }

  /** What may help; null where that is the learning rate. */
  @Nullable String otherRemedy() {
    return remedy.equals(LOWER) ? null : remedy;
  }

  /** The failing step replayed node by node. */
  public Inspection inspection() {
    return inspection;
  }
}
