package dev.tarn.cuda;

import dev.tarn.Precision;
import dev.tarn.cuda.CheckModels.Workload;
import dev.tarn.data.Batches.Batch;
import dev.tarn.train.TrainStep;
import java.util.Arrays;

/** Whole steps of training, a batch handed over in each. */
final class CheckSteps {
  private static final int SAMPLES = 9;
  private static final double SAMPLE_SECONDS = 0.15;

  private CheckSteps() {}

  static CheckTable run(CudaBackend backend, boolean tiny) {
    CheckTable table =
        new CheckTable(
            "Steps of training",
            "workload",
            "precision",
            "us a step",
            "examples/s",
            "MB on the device",
            "s to compile");
    for (Workload workload : tiny ? CheckModels.distinct() : CheckModels.all()) {
      Batch batch = workload.examples(tiny ? 2 : workload.batch());
      for (Precision precision : CheckModels.precisions(tiny)) {
        try (TrainStep step = workload.step(backend, precision, tiny ? 8 : 1)) {
          measure(table, workload, precision, step, batch, tiny);
        } catch (RuntimeException e) {
          table.failure(workload.name() + " in " + precision + ": " + e.getMessage());
        }
      }
    }
    return table;
  }

  private static void measure(
      CheckTable table,
      Workload workload,
      Precision precision,
      TrainStep step,
      Batch batch,
      boolean tiny) {
    long begin = System.nanoTime();
    long steps = run(step, batch, 0, 1);
    double compiled = (System.nanoTime() - begin) / 1e9;
    steps = run(step, batch, steps, tiny ? 2 : 20);
    double[] seconds = new double[tiny ? 1 : SAMPLES];
    int count = tiny ? 1 : 20;
    for (int i = 0; i < seconds.length; i++) {
      long start = System.nanoTime();
      steps = run(step, batch, steps, count);
      double taken = (System.nanoTime() - start) / 1e9;
      seconds[i] = taken / count;
      count = tiny ? 1 : (int) Math.max(5, SAMPLE_SECONDS / seconds[i]);
    }
    Arrays.sort(seconds);
    double median = seconds[seconds.length / 2];
    table.expect(step.failedStep() == 0, workload.name() + ": NaN or infinity");
    table.row(
        workload.name(),
        precision,
        1e6 * median,
        batch.size() / median,
        1e-6 * step.bytes(),
        compiled);
  }

  /** Runs some steps and waits for the last; gives the number of steps done so far. */
  static long run(TrainStep step, Batch batch, long done, int count) {
    for (int i = 1; i <= count; i++) {
      step.train(done + i, batch);
    }
    step.failedStep();
    return done + count;
  }
}
