package dev.tarn.testkit;

import dev.tarn.Shape;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Backends;
import dev.tarn.data.Batches;
import dev.tarn.data.Datasets;
import dev.tarn.loss.Losses;
import dev.tarn.optim.Adam;
import dev.tarn.train.TrainStep;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Trains for many steps and reports whether memory stays where it is: resident set, Java heap,
 * garbage per step. Run in a JVM of its own with a fixed heap that is touched at the start.
 */
public final class Endurance {
  /**
   * What a run found.
   *
   * @param residentGrowth growth of the resident set in the measured steps, as a share: in the last
   *     stretch
   * @param heapGrowth growth of the live heap in the same time, as a share
   * @param garbage bytes allocated by the training thread per step
   */
  public record Report(double residentGrowth, double heapGrowth, double garbage) {
    /** Reads what {@link #toString()} wrote. */
    static Report parse(String output) {
      String line =
          output.lines().filter(text -> text.startsWith("endurance ")).findFirst().orElseThrow();
      String[] parts = line.split(" ");
      return new Report(
          Double.parseDouble(parts[1]), Double.parseDouble(parts[2]), Double.parseDouble(parts[3]));
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT, "endurance %.5f %.5f %.1f", residentGrowth, heapGrowth, garbage);
    }
  }

  private Endurance() {}

  /** Runs a backend for a number of steps in a JVM of its own. */
  public static Report run(ChildJvm child, String backend, int steps)
      throws IOException, InterruptedException {
    ChildJvm.Result result =
        child
            .option("-Xms96m")
            .option("-Xmx96m")
            .option("-XX:+AlwaysPreTouch")
            .timeoutSeconds(300)
            .run(backend, steps);
    if (result.exitCode() != 0) {
      throw new AssertionError(result.output());
    }
    return Report.parse(result.output());
  }

  /** A child JVM that {@link #run} can use. */
  public static ChildJvm child() {
    return new ChildJvm(Endurance.class);
  }

  /** Stretches to measure at most, and the growth that is none. */
  private static final int STRETCHES = 4;

  private static final double STILL = 0.01;

  /**
   * Arguments: the backend's name and the number of steps, which are run once to warm up, and once
   * more to be measured. Where the resident set grew they are run and measured again: the JVM's
   * compiler takes its time and then is done, while what leaks grows in every stretch.
   */
  public static void main(String[] arguments) throws IOException {
    int steps = Integer.parseInt(arguments[1]);
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Backend backend = Backends.named(arguments[0]);
        TrainStep step =
            new TrainStep(
                backend,
                new Mlp(32, 16, 10, 0.2),
                Losses.crossEntropy(),
                Adam.lr(1e-3),
                List.of(),
                Shape.of(64),
                1)) {
      Batches batches = new Batches(Datasets.digits(), 16, true);
      batches.startEpoch(1, 0);
      train(step, batches, 0, steps);
      Report report;
      int stretch = 1;
      do {
        long resident = residentKilobytes();
        long heap = heapBytes();
        long allocated = threads.getCurrentThreadAllocatedBytes();
        train(step, batches, stretch * steps, (stretch + 1) * steps);
        double garbage = (threads.getCurrentThreadAllocatedBytes() - allocated) / (double) steps;
        double residentGrowth = residentKilobytes() / (double) resident - 1;
        report = new Report(residentGrowth, heapBytes() / (double) heap - 1, garbage);
      } while (report.residentGrowth() > STILL && ++stretch <= STRETCHES);
      System.out.println(report);
    }
  }

  private static void train(TrainStep step, Batches batches, int from, int to) {
    for (int i = from; i < to; i++) {
      step.train(i + 1, batches.load(i % batches.count()));
      if (i % 64 == 0) {
        step.takeSums();
      }
    }
    if (step.failedStep() != 0) {
      throw new AssertionError("the training diverged");
    }
  }

  private static long residentKilobytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no VmRSS in /proc/self/status");
  }

  private static long heapBytes() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
