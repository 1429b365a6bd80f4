package dev.tarn.cuda;

import dev.tarn.Precision;
import dev.tarn.cuda.CheckModels.Workload;
import dev.tarn.data.Batches.Batch;
import dev.tarn.train.TrainStep;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory over many steps: the device's, Java's heap, the process's. */
final class CheckFlatness {
  private static final int STEPS = 20_000;
  private static final int WARM_UP = 5_000;
  private static final double MAX_GROWTH = 0.01;
  private static final double MB = 1e-6;

  private CheckFlatness() {}

  static CheckTable run(CudaBackend backend, boolean tiny) {
    CheckTable table =
        new CheckTable("Memory over many steps", "steps", "device MB", "heap MB", "process MB");
    Workload workload = CheckModels.named("mlp-64");
    Batch batch = workload.examples(tiny ? 2 : workload.batch());
    try (TrainStep step = workload.step(backend, Precision.FP32, tiny ? 8 : 1)) {
      long done = steps(step, batch, 0, tiny ? 200 : WARM_UP);
      long deviceFree = backend.context().freeMemory();
      double[] before = row(table, backend, done);
      done = steps(step, batch, done, tiny ? 200 : STEPS);
      double[] after = row(table, backend, done);
      table.expect(
          backend.context().freeMemory() == deviceFree || after[0] <= before[0],
          "the device's memory grows");
      table.expect(tiny || after[1] <= before[1] * (1 + MAX_GROWTH), "Java's heap grows");
      table.expect(tiny || after[2] <= before[2] * (1 + MAX_GROWTH), "the process grows");
    } catch (RuntimeException | IOException e) {
      table.failure(String.valueOf(e.getMessage()));
    }
    return table;
  }

  private static long steps(TrainStep step, Batch batch, long done, int count) {
    for (int i = 1; i <= count; i++) {
      step.train(done + i, batch);
      if (i % 64 == 0) {
        step.takeSums();
      }
    }
    step.failedStep();
    return done + count;
  }

  private static double[] row(CheckTable table, CudaBackend backend, long steps)
      throws IOException {
    System.gc();
    double heap = MB * ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    double device =
        MB * (backend.context().device().totalMemory() - backend.context().freeMemory());
    double process = 0;
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        process = 1024 * MB * Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    table.row(steps, device, heap, process);
    return new double[] {device, heap, process};
  }
}
