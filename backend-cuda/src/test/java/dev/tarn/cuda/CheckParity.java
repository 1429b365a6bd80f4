package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.cuda.CheckModels.Workload;
import dev.tarn.data.Batches.Batch;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.train.TrainStep;
import java.util.List;
import java.util.Map;

/** The gradients of whole steps beside those that the reference computes on the CPU. */
final class CheckParity {
  private static final int BATCH = 4;

  private record Result(Map<String, HostTensor> gradients, double loss) {}

  private CheckParity() {}

  static CheckTable run(CudaBackend backend, boolean tiny) {
    CheckTable table =
        new CheckTable(
            "Gradients of a step beside the reference's, on the CPU in double",
            "workload",
            "precision",
            "loss",
            "the reference's loss",
            "farthest gradient",
            "its distance / its norm",
            "limit");
    for (String name : List.of("mlp-64", "lenet-64", "vgg-64", "resnet20-128")) {
      Workload workload = CheckModels.named(name);
      Batch batch = workload.examples(tiny ? 2 : BATCH);
      int divisor = tiny ? 8 : 1;
      Result expected;
      try (ReferenceBackend reference = new ReferenceBackend();
          TrainStep step = workload.step(reference, Precision.FP32, divisor)) {
        expected = result(step, batch);
      }
      for (Precision precision : Precision.values()) {
        try (TrainStep step = workload.step(backend, precision, divisor)) {
          compare(table, name, precision, expected, result(step, batch));
        } catch (RuntimeException e) {
          table.failure(name + " in " + precision + ": " + e.getMessage());
        }
      }
    }
    return table;
  }

  private static Result result(TrainStep step, Batch batch) {
    step.train(1, batch);
    return new Result(step.gradients(), step.takeSums()[0] / batch.size());
  }

  /** A ReLU or a maximum may choose otherwise where two values are as near as the rounding. */
  private static double limit(Precision precision) {
    return switch (precision) {
      case FP32 -> 1e-3;
      case TF32 -> 0.05;
      case BF16 -> 0.35;
    };
  }

  private static void compare(
      CheckTable table, String name, Precision precision, Result expected, Result actual) {
    String farthest = "";
    double most = -1;
    for (Map.Entry<String, HostTensor> entry : expected.gradients().entrySet()) {
      double distance = distance(entry.getValue(), actual.gradients().get(entry.getKey()));
      if (!(distance <= most)) {
        most = distance;
        farthest = entry.getKey();
      }
    }
    double limit = limit(precision);
    table.row(name, precision, actual.loss(), expected.loss(), farthest, most, limit);
    table.expect(
        most <= limit && Math.abs(actual.loss() - expected.loss()) <= limit * expected.loss(),
        name + " in " + precision + " is too far from the reference");
  }

  private static double distance(HostTensor expected, HostTensor actual) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.size(); i++) {
      double d = expected.get(i) - actual.get(i);
      difference += d * d;
      norm += expected.get(i) * expected.get(i);
    }
    return Math.sqrt(difference) / Math.max(Math.sqrt(norm), 1e-6);
  }
}
