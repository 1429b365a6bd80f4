package dev.tarn.cli;

import com.google.gson.JsonObject;
import java.util.Arrays;

/**
 * What a step took, in seconds.
 *
 * @param steps how many were measured
 * @param median half of the pieces were faster
 * @param low a tenth of the pieces were faster
 * @param high a tenth of the pieces were slower
 */
record Timing(long steps, double median, double low, double high) {
  /** Shorter pieces would measure the clock and the wait for the device. */
  private static final double PIECE_SECONDS = 0.02;

  private static final int LEAST_PIECES = 5;

  /** Collects the times of pieces of some steps each, after a time to warm up. */
  static final class Collector {
    private final double warmUpSeconds;
    private final double seconds;
    private final long begin = System.nanoTime();
    private double[] pieces = new double[64];
    private int count;
    private long warmUpSteps;
    private long pieceSteps = 1;
    private long stepsInPiece;
    private long pieceBegin = begin;
    private boolean warm;
    private long measuredFrom;

    Collector(double warmUpSeconds, double seconds) {
      this.warmUpSeconds = warmUpSeconds;
      this.seconds = seconds;
    }

    /**
     * Told after each step.
     *
     * @param await waits for the device
     * @return whether that was enough
     */
    boolean step(Runnable await) {
      if (++stepsInPiece < pieceSteps) {
        return false;
      }
      await.run();
      long now = System.nanoTime();
      double piece = (now - pieceBegin) / 1e9;
      if (warm) {
        if (count == pieces.length) {
          pieces = Arrays.copyOf(pieces, 2 * count);
        }
        pieces[count++] = piece / stepsInPiece;
      } else {
        warmUpSteps += stepsInPiece;
        double each = Math.max(piece / stepsInPiece, 1e-9);
        pieceSteps = Math.max(1, (long) Math.ceil(PIECE_SECONDS / each));
        if ((now - begin) / 1e9 >= warmUpSeconds && warmUpSteps >= 3) {
          warm = true;
          measuredFrom = now;
        }
      }
      stepsInPiece = 0;
      pieceBegin = now;
      return warm && count >= LEAST_PIECES && (now - measuredFrom) / 1e9 >= seconds;
    }

    /** The steps before anything was measured. */
    long warmUpSteps() {
      return warmUpSteps;
    }

    /** What was measured. */
    Timing timing() {
      double[] sorted = Arrays.copyOf(pieces, count);
      Arrays.sort(sorted);
      return new Timing(
          count * pieceSteps, quantile(sorted, 0.5), quantile(sorted, 0.1), quantile(sorted, 0.9));
    }
  }

  /** The quantile of sorted numbers, between two of them in proportion. */
  static double quantile(double[] sorted, double q) {
    double at = q * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  /** Examples a second, by the median. */
  double samplesPerSecond(int batch) {
    return batch / median;
  }

  JsonObject json(int batch, long flops) {
    JsonObject json = new JsonObject();
    json.addProperty("steps", steps);
    json.addProperty("median_us", 1e6 * median);
    json.addProperty("p10_us", 1e6 * low);
    json.addProperty("p90_us", 1e6 * high);
    json.addProperty("samples_per_second", samplesPerSecond(batch));
    json.addProperty("gflops", flops / median / 1e9);
    return json;
  }
}
