package dev.tarn.train;

import dev.tarn.TarnException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * When a training ends before its last epoch; the first rule that holds ends it.
 *
 * <p>Steps and seconds are looked at after each step, everything else at the end of each epoch.
 *
 * @param steps the number of steps in all; 0 for no limit
 * @param seconds the time that a call of {@code fit} may take; 0 for no limit
 * @param gradientNorm ends it where the Euclidean norm of all gradients of an epoch's last update
 *     is below; 0 for never
 * @param update ends it where an epoch's last step changed no parameter by as much; 0 for never
 * @param targets values by the names of metrics, over the validation data, or without them over the
 *     training data; it ends where all are reached
 */
public record StopRules(
    long steps, double seconds, double gradientNorm, double update, Map<String, Double> targets) {
  /** No rule. */
  public static final StopRules NONE = new StopRules(0, 0, 0, 0, Map.of());

  /** Checks the ranges. */
  public StopRules {
    targets = Collections.unmodifiableMap(new LinkedHashMap<>(targets));
    if (steps < 0 || !(seconds >= 0) || !(gradientNorm >= 0) || !(update >= 0)) {
      throw new TarnException(
          "stop: steps, seconds, gradient norm and update must not be negative");
    }
  }

  /** With a number of steps in all. */
  public StopRules steps(long value) {
    return new StopRules(value, seconds, gradientNorm, update, targets);
  }

  /** With a time in seconds. */
  public StopRules seconds(double value) {
    return new StopRules(steps, value, gradientNorm, update, targets);
  }

  /** With a norm of the gradients. */
  public StopRules gradientNorm(double value) {
    return new StopRules(steps, seconds, value, update, targets);
  }

  /** With a largest change of a parameter. */
  public StopRules update(double value) {
    return new StopRules(steps, seconds, gradientNorm, value, targets);
  }

  /** With a value that a metric, or the loss, must reach. */
  public StopRules target(String metric, double value) {
    Map<String, Double> more = new LinkedHashMap<>(targets);
    more.put(metric, value);
    return new StopRules(steps, seconds, gradientNorm, update, more);
  }
}
