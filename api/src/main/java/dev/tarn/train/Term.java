package dev.tarn.train;

import dev.tarn.TarnException;
import dev.tarn.internal.NamePattern;
import dev.tarn.loss.Loss;
import org.jspecify.annotations.Nullable;

/**
 * One of several losses that a training minimises together.
 *
 * <p>The gradient of a parameter is that of the weighted sum of the terms that train it; the
 * reported loss is the weighted sum of all terms.
 *
 * @param output the number of the model's output that the loss is of, from 0
 * @param loss the loss
 * @param target the number of the data's target that the output is compared with, from 0
 * @param constant what every element of the target is instead, or null
 * @param weight what the loss is multiplied by
 * @param trains the parameters that the term trains, by name; {@code *} stands for any characters
 * @param name what its mean is called in tables, or null for {@code loss.0}, {@code loss.1} ...
 */
public record Term(
    int output,
    Loss loss,
    int target,
    @Nullable Double constant,
    double weight,
    String trains,
    @Nullable String name) {
  /** Checks the numbers. */
  public Term {
    if (output < 0 || target < 0) {
      throw new TarnException("loss: outputs and targets are numbered from 0");
    }
    if (!Double.isFinite(weight)) {
      throw new TarnException("loss: a weight must be finite, not " + weight);
    }
  }

  /** A loss of an output and the target of the same number; it trains every parameter. */
  public static Term of(int output, Loss loss) {
    return new Term(output, loss, output, null, 1, "*", null);
  }

  /** With another of the data's targets. */
  public Term target(int number) {
    return new Term(output, loss, number, null, weight, trains, name);
  }

  /** With a target that is one number everywhere, rather than one of the data's. */
  public Term constantTarget(double value) {
    return new Term(output, loss, target, value, weight, trains, name);
  }

  /** Multiplied by a number. */
  public Term weight(double factor) {
    return new Term(output, loss, target, constant, factor, trains, name);
  }

  /** Training only the parameters whose names match, such as {@code encoder.*}. */
  public Term trains(String pattern) {
    return new Term(output, loss, target, constant, weight, pattern, name);
  }

  /** With a name for its mean in tables. */
  public Term named(String text) {
    return new Term(output, loss, target, constant, weight, trains, text);
  }

  /** Whether it trains a parameter of that name. */
  boolean trainsParameter(String parameter) {
    return NamePattern.matches(trains, parameter);
  }
}
