package dev.tarn.optim;

import dev.tarn.TarnException;
import java.util.List;

/**
 * Schedules by name. {@code lr} is the base learning rate and {@code t}, from 0, is the number of
 * updates done before, so that the first update has the base rate unless said otherwise.
 */
public final class Schedules {
  private Schedules() {}

  /** Always the same number. */
  public static Schedule constant(double lr) {
    return new Constant(lr);
  }

  /** {@code lr gamma^floor(t / every)}. */
  public static Schedule step(double lr, long every, double gamma) {
    return new Step(lr, every, gamma);
  }

  /** {@code lr gamma^m}, m the number of milestones at or before t. */
  public static Schedule multiStep(double lr, List<Long> milestones, double gamma) {
    return new MultiStep(lr, milestones, gamma);
  }

  /** {@code lr gamma^t}. */
  public static Schedule exponential(double lr, double gamma) {
    return new Exponential(lr, gamma);
  }

  /** {@code end + (lr - end) (1 - t / updates)^power}, and {@code end} from then on. */
  public static Schedule polynomial(double lr, long updates, double power, double end) {
    return new Polynomial(lr, updates, power, end);
  }

  /**
   * Half a cosine from lr to end: {@code end + (lr - end) (1 + cos(pi t / updates)) / 2}, and
   * {@code end} from then on (Loshchilov and Hutter 2017).
   */
  public static Schedule cosine(double lr, long updates, double end) {
    return new Cosine(lr, updates, end);
  }

  /**
   * Cosines one after another (SGDR, Loshchilov and Hutter 2017): the first takes so many updates,
   * each further one {@code factor} times as many as the one before, and begins at lr again.
   */
  public static Schedule warmRestarts(double lr, long updates, int factor, double end) {
    return new WarmRestarts(lr, updates, factor, end);
  }

  /**
   * Up and down once (Smith and Topin 2018), in PyTorch's form: by half a cosine from {@code lr /
   * 25} to lr over the first share of the updates, then by half a cosine to {@code lr / 250000}.
   *
   * @param lr the highest rate
   * @param updates the number of updates in all
   * @param rise the share of the rise, between 0 and 1
   */
  public static Schedule oneCycle(double lr, long updates, double rise) {
    return new OneCycle(lr, updates, rise, 25, 1e4);
  }

  /** See {@link #constant}. */
  public record Constant(double lr) implements Schedule {
    @Override
    public double at(long update) {
      return lr;
    }

    @Override
    public String toString() {
      return Double.toString(lr);
    }
  }

  /** See {@link #step}. */
  public record Step(double lr, long every, double gamma) implements Schedule {
    /** Checks the ranges. */
    public Step {
      Ranges.positive("step", "lr", lr);
      Ranges.count("step", "every", every);
      Ranges.positive("step", "gamma", gamma);
    }

    @Override
    public double at(long update) {
      return lr * StrictMath.pow(gamma, (update - 1) / every);
    }
  }

  /** See {@link #multiStep}. */
  public record MultiStep(double lr, List<Long> milestones, double gamma) implements Schedule {
    /** Checks the ranges. */
    public MultiStep {
      milestones = List.copyOf(milestones);
      Ranges.positive("multi_step", "lr", lr);
      milestones.forEach(milestone -> Ranges.count("multi_step", "milestones", milestone));
      Ranges.positive("multi_step", "gamma", gamma);
    }

    @Override
    public double at(long update) {
      long passed = milestones.stream().filter(milestone -> milestone <= update - 1).count();
      return lr * StrictMath.pow(gamma, passed);
    }
  }

  /** See {@link #exponential}. */
  public record Exponential(double lr, double gamma) implements Schedule {
    /** Checks the ranges. */
    public Exponential {
      Ranges.positive("exponential", "lr", lr);
      Ranges.positive("exponential", "gamma", gamma);
    }

    @Override
    public double at(long update) {
      return lr * StrictMath.pow(gamma, update - 1);
    }
  }

  /** See {@link #polynomial}. */
  public record Polynomial(double lr, long updates, double power, double end) implements Schedule {
    /** Checks the ranges. */
    public Polynomial {
      Ranges.positive("polynomial", "lr", lr);
      Ranges.count("polynomial", "updates", updates);
      Ranges.positive("polynomial", "power", power);
      Ranges.notNegative("polynomial", "end", end);
    }

    @Override
    public double at(long update) {
      double left = 1 - Math.min(update - 1, updates) / (double) updates;
      return end + (lr - end) * StrictMath.pow(left, power);
    }
  }

  /** See {@link #cosine}. */
  public record Cosine(double lr, long updates, double end) implements Schedule {
    /** Checks the ranges. */
    public Cosine {
      Ranges.positive("cosine", "lr", lr);
      Ranges.count("cosine", "updates", updates);
      Ranges.notNegative("cosine", "end", end);
    }

    @Override
    public double at(long update) {
      return between(lr, end, Math.min(update - 1, updates) / (double) updates);
    }
  }

  /** See {@link #warmRestarts}. */
  public record WarmRestarts(double lr, long updates, int factor, double end) implements Schedule {
    /** Checks the ranges. */
    public WarmRestarts {
      Ranges.positive("warm_restarts", "lr", lr);
      Ranges.count("warm_restarts", "updates", updates);
      Ranges.count("warm_restarts", "factor", factor);
      Ranges.notNegative("warm_restarts", "end", end);
    }

    @Override
    public double at(long update) {
      long t = update - 1;
      long length = updates;
      if (factor == 1) {
        t %= length;
      }
      while (t >= length) {
        t -= length;
        length *= factor;
      }
      return between(lr, end, t / (double) length);
    }
  }

  /**
   * See {@link #oneCycle}.
   *
   * @param start the first rate is {@code lr / start}
   * @param end the last rate is {@code lr / start / end}
   */
  public record OneCycle(double lr, long updates, double rise, double start, double end)
      implements Schedule {
    /** Checks the ranges. */
    public OneCycle {
      Ranges.positive("one_cycle", "lr", lr);
      Ranges.count("one_cycle", "updates", updates);
      Ranges.positive("one_cycle", "start", start);
      Ranges.positive("one_cycle", "end", end);
      if (!(rise > 0 && rise < 1 && rise * updates > 1)) {
        throw new TarnException(
            "one_cycle: rise must be a share between 0 and 1 that is more than one update, not "
                + rise);
      }
    }

    @Override
    public double at(long update) {
      double top = rise * updates - 1;
      double last = updates - 1.0;
      double t = Math.min(update - 1, last);
      return t <= top
          ? between(lr / start, lr, t / top)
          : between(lr, lr / start / end, (t - top) / (last - top));
    }
  }

  /** See {@link Schedule#warmUp}. */
  public record WarmUp(Schedule after, long updates, double from) implements Schedule {
    /** Checks the ranges. */
    public WarmUp {
      Ranges.count("warm_up", "updates", updates);
      if (!(from >= 0 && from <= 1)) {
        throw new TarnException("warm_up: from must be from 0 to 1, not " + from);
      }
    }

    @Override
    public double at(long update) {
      return update > updates
          ? after.at(update - updates)
          : after.at(1) * (from + (1 - from) * (update - 1) / updates);
    }
  }

  /** See {@link Schedule#per}. */
  public record Held(Schedule schedule, long updates) implements Schedule {
    /** Checks the range. */
    public Held {
      Ranges.count("schedule", "updates", updates);
    }

    @Override
    public double at(long update) {
      return schedule.at((update - 1) / updates + 1);
    }
  }

  /** Along half a cosine, from one number at 0 to another at 1. */
  private static double between(double from, double to, double share) {
    return to + (from - to) * (1 + StrictMath.cos(StrictMath.PI * share)) / 2;
  }
}
