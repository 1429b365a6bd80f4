package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.backend.Backend;
import dev.tarn.cuda.CheckModels.Workload;
import dev.tarn.data.Batches.Batch;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.TrainStep;
import java.util.Map;

/** The gradients of whole steps beside those that the reference computes on the CPU. */
final class CheckParity {
  private static final int BATCH = 4;

  private record Result(Map<String, HostTensor> gradients, double loss) {}

  private CheckParity() {}

  static CheckTable run(CudaBackend backend, boolean tiny) {
    CheckTable table =
        new CheckTable(
            "Gradients of a step beside the reference's in the same precision, on the CPU",
            "workload",
            "precision",
            "loss",
            "the reference's loss",
            "distance of gradients / norm",
            "limit");
    for (Workload workload : CheckModels.distinct()) {
      String name = workload.name();
      Batch batch = workload.examples(tiny ? 2 : BATCH);
      int divisor = tiny ? 8 : 1;
      for (Precision precision : CheckModels.precisions(tiny)) {
        try (ReferenceBackend reference = new ReferenceBackend()) {
          Result expected = result(reference, workload, precision, batch, divisor);
          Result actual = result(backend, workload, precision, batch, divisor);
          // Networks of two channels and two examples are ill-conditioned: rounding decides.
          double limit = tiny && precision != Precision.FP32 ? 1 : limit(precision);
          compare(table, name + " in " + precision, workload, precision, expected, actual, limit);
        } catch (RuntimeException e) {
          table.failure(name + " in " + precision + ": " + e.getMessage());
        }
      }
    }
    return table;
  }

  private static Result result(
      Backend backend, Workload workload, Precision precision, Batch batch, int divisor) {
    try (TrainStep step = workload.step(backend, precision, divisor)) {
      step.train(1, batch);
      return new Result(step.gradients(), step.takeSums()[0] / batch.size());
    }
  }

  /** A ReLU or a maximum may choose otherwise where two values are as near as the rounding. */
  private static double limit(Precision precision) {
    return switch (precision) {
      case FP32 -> 1e-3;
      case TF32 -> 0.05;
      case BF16 -> 0.2;
    };
  }

  private static void compare(
      CheckTable table,
      String what,
      Workload workload,
      Precision precision,
      Result expected,
      Result actual,
      double limit) {
    double difference = 0;
    double norm = 0;
    for (Map.Entry<String, HostTensor> entry : expected.gradients().entrySet()) {
      HostTensor want = entry.getValue();
      HostTensor got = actual.gradients().get(entry.getKey());
      for (int i = 0; i < want.size(); i++) {
        double d = want.get(i) - got.get(i);
        difference += d * d;
        norm += want.get(i) * want.get(i);
      }
    }
    double distance = Math.sqrt(difference / norm);
    table.row(workload.name(), precision, actual.loss(), expected.loss(), distance, limit);
    table.expect(
        distance <= limit && Math.abs(actual.loss() - expected.loss()) <= limit * expected.loss(),
        what + " is too far from the reference");
  }
}
