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

  private static void check(boolean holds, String owner, String name, String range, double value) {
    if (!holds) {
      throw new TarnException(owner + ": " + name + " must be " + range + ", not " + value);
    }
  }
}
