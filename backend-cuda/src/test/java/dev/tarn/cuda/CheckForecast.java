package dev.tarn.cuda;

import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.backend.DeviceMemoryException;
import dev.tarn.cuda.CheckModels.Workload;
import dev.tarn.cuda.driver.DeviceMemory;
import dev.tarn.train.TrainStep;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The memory that a step says it needs beside what the driver says is taken; then a GPU that is
 * almost full, on which the largest batch that is named must train.
 */
final class CheckForecast {
  /** What kernels' code, tables and graphs may take beside the forecast. */
  private static final double BESIDE_MB = 256;

  private static final Pattern LARGEST = Pattern.compile("batch that fits is (\\d+) ");

  private CheckForecast() {}

  static CheckTable run(CudaBackend backend, boolean tiny) {
    CheckTable table =
        new CheckTable(
            "Memory that was forecast and memory taken",
            "workload",
            "precision",
            "forecast MB",
            "taken MB",
            "beside MB");
    for (Workload workload : CheckModels.some(tiny)) {
      for (Precision precision : CheckModels.precisions(tiny)) {
        long before = backend.context().freeMemory();
        try (TrainStep step = workload.step(backend, precision, tiny ? 8 : 1)) {
          CheckSteps.run(step, workload.examples(tiny ? 2 : workload.batch()), 0, 3);
          double forecast = 1e-6 * step.bytes();
          double taken = 1e-6 * (before - backend.context().freeMemory());
          table.row(workload.name(), precision, forecast, taken, taken - forecast);
          table.expect(
              taken - forecast <= BESIDE_MB,
              workload.name() + " in " + precision + " takes much more than forecast");
        } catch (RuntimeException e) {
          table.failure(workload.name() + " in " + precision + ": " + e.getMessage());
        }
      }
    }
    return largest(backend, tiny, table);
  }

  private static CheckTable largest(CudaBackend backend, boolean tiny, CheckTable table) {
    Workload lenet = CheckModels.named("lenet-64");
    int divisor = tiny ? 8 : 1;
    long left = tiny ? 512L << 20 : 2L << 30;
    int tooLarge = 1 << 15;
    long taken = backend.context().freeMemory() - left;
    try (DeviceMemory others = DeviceMemory.allocate(backend.context(), taken);
        TrainStep step = lenet.step(backend, Precision.FP32, divisor)) {
      Matcher matcher = LARGEST.matcher(refusal(step, lenet, tooLarge));
      if (!matcher.find()) {
        return table.failure("a batch of " + tooLarge + " is refused without naming one that fits");
      }
      int largest = Integer.parseInt(matcher.group(1));
      step.programs(Spec.f32(lenet.features().prepend(largest)));
      if (!tiny) {
        CheckSteps.run(step, lenet.examples(largest), 0, 3);
      }
      return table
          .expect(step.failedStep() == 0, "the largest batch gives NaN")
          .expect(others.bytes() == taken, "the memory held beside has another size")
          .note(
              String.format(
                  "with %d MB free, batches of %d of %s train, %d are refused before the first"
                      + " step; then %d MB are free",
                  left / 1_000_000,
                  largest,
                  lenet.name(),
                  largest + 1,
                  backend.context().freeMemory() / 1_000_000));
    } catch (RuntimeException e) {
      return table.failure("on a full GPU: " + e.getMessage());
    }
  }

  private static String refusal(TrainStep step, Workload workload, int batch) {
    try {
      step.programs(Spec.f32(workload.features().prepend(batch)));
      return "";
    } catch (DeviceMemoryException e) {
      return e.getMessage();
    }
  }
}
