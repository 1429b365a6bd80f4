package dev.tarn.data;

/**
 * Reads decimal numbers from characters without making strings, to the nearest float.
 *
 * <p>The first 17 or 18 digits and one multiplication or division by an exact power of ten give a
 * double that is off by two units in its last place at most. Rounding that to float gives the
 * nearest float unless the double lies about halfway between two; these, and very large or small
 * numbers, go to {@link Float#parseFloat}. After W. Clinger, "How to Read Floating Point Numbers
 * Accurately", PLDI 1990.
 */
final class Decimal {
  private static final long MANY = 100_000_000_000_000_000L;
  private static final int MAX_EXPONENT = 10_000;
  private static final double[] POWERS = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22
  };

  /** A double has 29 more bits than a float. */
  private static final long BELOW_FLOAT = (1L << 29) - 1;

  private static final long HALF = 1L << 28;
  private static final long DOUBT = 8;

  private Decimal() {}

  /** The number in a text with a decimal point; NaN if it is none or too large for f32. */
  static float parse(String text) {
    return parse(text, '.');
  }

  /** The number in a text; NaN if it is none or too large for f32. */
  static float parse(String text, char mark) {
    return parse(text.toCharArray(), 0, text.length(), mark);
  }

  /**
   * The number in some characters; NaN if they are not a decimal number or too large for f32.
   *
   * @param mark what stands before the fraction
   */
  static float parse(char[] text, int from, int to, char mark) {
    int at = from;
    boolean negative = false;
    if (at < to && (text[at] == '-' || text[at] == '+')) {
      negative = text[at++] == '-';
    }
    long digits = 0;
    int exponent = 0;
    int start = at;
    for (; at < to; at++) {
      int digit = text[at] - '0';
      if (digit < 0 || digit > 9) {
        break;
      }
      if (digits < MANY) {
        digits = digits * 10 + digit;
      } else {
        exponent++;
      }
    }
    int count = at - start;
    if (at < to && text[at] == mark) {
      start = ++at;
      for (; at < to; at++) {
        int digit = text[at] - '0';
        if (digit < 0 || digit > 9) {
          break;
        }
        if (digits < MANY) {
          digits = digits * 10 + digit;
          exponent--;
        }
      }
      count += at - start;
    }
    if (count == 0) {
      return Float.NaN;
    }
    if (at < to) {
      int power = exponent(text, at, to);
      if (power > MAX_EXPONENT) {
        return slow(text, from, to, mark);
      }
      exponent += power;
    }
    if (exponent >= POWERS.length || -exponent >= POWERS.length) {
      return slow(text, from, to, mark);
    }
    double value = exponent < 0 ? digits / POWERS[-exponent] : digits * POWERS[exponent];
    long beside = (Double.doubleToRawLongBits(value) & BELOW_FLOAT) - HALF;
    boolean normal = value >= Float.MIN_NORMAL && value < Float.MAX_VALUE;
    if (value != 0 && (!normal || Math.abs(beside) <= DOUBT)) {
      return slow(text, from, to, mark);
    }
    return (float) (negative ? -value : value);
  }

  /** The exponent from {@code e} on; a large number if it is not one, or too large. */
  private static int exponent(char[] text, int from, int to) {
    int at = from + 1;
    boolean negative = at < to && text[at] == '-';
    if (at < to && (text[at] == '-' || text[at] == '+')) {
      at++;
    }
    if ((text[from] != 'e' && text[from] != 'E') || at == to || to - at > 3) {
      return Integer.MAX_VALUE;
    }
    int value = 0;
    for (; at < to; at++) {
      int digit = text[at] - '0';
      if (digit < 0 || digit > 9) {
        return Integer.MAX_VALUE;
      }
      value = value * 10 + digit;
    }
    return negative ? -value : value;
  }

  private static float slow(char[] text, int from, int to, char mark) {
    for (int i = from; i < to; i++) {
      char c = text[i];
      boolean known = (c >= '0' && c <= '9') || c == mark || c == '-' || c == '+' || c == 'e';
      if (!known && c != 'E') {
        return Float.NaN;
      }
    }
    try {
      float value = Float.parseFloat(new String(text, from, to - from).replace(mark, '.'));
      return Float.isInfinite(value) ? Float.NaN : value;
    } catch (NumberFormatException e) {
      return Float.NaN;
    }
  }
}
