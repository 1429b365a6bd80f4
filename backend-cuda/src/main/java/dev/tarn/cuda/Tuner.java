package dev.tarn.cuda;

import dev.tarn.cuda.driver.Choices;
import dev.tarn.cuda.driver.Command;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses among kernels that give the same bits the one that is fastest on this device, when a step
 * is compiled. A choice is measured once and kept on disk.
 *
 * <p>With the property {@code tarn.tune=0} it is always the first, with another number that one as
 * far as there are so many, and nothing is measured.
 */
final class Tuner {
  /** The number of the candidate to take. */
  static final String PROPERTY = "tarn.tune";

  private static final Logger LOG = LoggerFactory.getLogger(Tuner.class);
  private static final int SAMPLES = 5;
  private static final double SAMPLE_MICROS = 500;
  private static final int MOST_RUNS = 50;

  /** Another than the first must be better by so much: more than measurements differ. */
  private static final double BETTER = 0.97;

  private final DeviceTimer timer;
  private final Choices choices;

  Tuner(CudaBackend backend, Choices choices) {
    this.timer = new DeviceTimer(backend, SAMPLES, SAMPLE_MICROS, MOST_RUNS);
    this.choices = choices;
  }

  /** The numbers of the candidates that {@link #choose} will make. */
  int[] tried(String key, int count) {
    Integer fixed = count == 1 ? Integer.valueOf(0) : Integer.getInteger(PROPERTY);
    if (fixed != null) {
      return new int[] {Math.max(0, Math.min(fixed, count - 1))};
    }
    int known = choices.get(key).orElse(count);
    return known < count ? new int[] {known} : IntStream.range(0, count).toArray();
  }

  /**
   * The number of the best candidate.
   *
   * @param key what the choice depends on, beside the device
   * @param count of candidates
   * @param candidates makes them, ready to run; they may run many times, and on any data
   */
  int choose(String key, int count, IntFunction<Command> candidates) {
    int[] tried = tried(key, count);
    if (tried.length == 1) {
      return tried[0];
    }
    double[] micros = new double[count];
    int best = 0;
    for (int i = 0; i < count; i++) {
      micros[i] = timer.micros(candidates.apply(i));
      best = micros[i] < (best == 0 ? BETTER : 1) * micros[best] ? i : best;
    }
    LOG.debug(
        "{} us with candidate {} and {} with the first: {}", micros[best], best, micros[0], key);
    choices.put(key, best);
    return best;
  }
}
