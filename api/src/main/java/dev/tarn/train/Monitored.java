package dev.tarn.train;

/**
 * The value that decides which epoch, and which of several trainings, is the best.
 *
 * @param name {@code loss}, or the name of a term or metric
 * @param higherIsBetter whether larger values are better
 */
public record Monitored(String name, boolean higherIsBetter) {
  /** Whether a value is better than the best so far, which is NaN if there is none. */
  public boolean isBetter(double value, double best) {
    return Double.isNaN(best) ? !Double.isNaN(value) : higherIsBetter ? value > best : value < best;
  }
}
