package dev.tarn.optim;

import dev.tarn.TarnException;

/** Checks of settings. */
final class Ranges {
  private Ranges() {}

  static void positive(String owner, String name, double value) {
    check(value > 0 && Double.isFinite(value), owner, name, "above 0", value);
  }

  static void notNegative(String owner, String name, double value) {
    check(value >= 0 && Double.isFinite(value), owner, name, "at least 0", value);
  }

  static void fraction(String owner, String name, double value) {
    check(value >= 0 && value < 1, owner, name, "at least 0 and below 1", value);
  }

  static void count(String owner, String name, long value) {
    if (value < 1) {
      throw new TarnException(owner + ": " + name + " must be at least 1, not " + value);
    }
  }

  /** A learning rate: above 0 if it is a number, at first at least 0 if it is a schedule. */
  static void rate(String owner, Schedule lr) {
    if (lr instanceof Schedules.Constant constant) {
      positive(owner, "lr", constant.lr());
    } else {
      notNegative(owner, "lr", lr.at(1));
    }
  }

  private static void check(boolean holds, String owner, String name, String range, double value) {
    if (!holds) {
      throw new TarnException(owner + ": " + name + " must be " + range + ", not " + value);
    }
  }
}
