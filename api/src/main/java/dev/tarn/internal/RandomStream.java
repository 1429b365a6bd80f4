package dev.tarn.internal;

/**
 * A sequence of random numbers for the host, named by seed and text: initial weights and shuffles.
 *
 * <p>Uses {@link StrictMath} only, so the same seed and name give the same numbers everywhere.
 */
public final class RandomStream {
  private final int k0;
  private final int k1;
  private final int s0;
  private final int s1;
  private final int[] words = new int[4];
  private long counter;
  private int next = 4;
  private double spare = Double.NaN;

  /** The stream of a seed and a name, for instance a parameter's path. */
  public RandomStream(long seed, String name) {
    long stream = Philox.stream(name);
    this.k0 = (int) seed;
    this.k1 = (int) (seed >>> 32);
    this.s0 = (int) stream;
    this.s1 = (int) (stream >>> 32);
  }

  /** The next 32 random bits. */
  public int nextInt() {
    if (next == 4) {
      Philox.words(k0, k1, (int) counter, (int) (counter >>> 32), s0, s1, words);
      counter++;
      next = 0;
    }
    return words[next++];
  }

  /** A whole number in {@code [0, bound)}, without bias. */
  public int nextInt(int bound) {
    long limit = (1L << 32) / bound * bound;
    long bits;
    do {
      bits = nextInt() & 0xffffffffL;
    } while (bits >= limit);
    return (int) (bits % bound);
  }

  /** A number in {@code [0, 1)} with 53 random bits. */
  public double nextDouble() {
    long high = nextInt() & 0xffffffffL;
    long low = nextInt() & 0xffffffffL;
    return ((high << 21) | (low >>> 11)) * 0x1.0p-53;
  }

  /** A number of the standard normal distribution (polar method of Marsaglia). */
  public double nextGaussian() {
    if (!Double.isNaN(spare)) {
      double result = spare;
      spare = Double.NaN;
      return result;
    }
    double u;
    double v;
    double s;
    do {
      u = 2 * nextDouble() - 1;
      v = 2 * nextDouble() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s == 0);
    double factor = StrictMath.sqrt(-2 * StrictMath.log(s) / s);
    spare = v * factor;
    return u * factor;
  }

  /** The numbers from 0 to {@code n - 1} in random order (Fisher and Yates). */
  public int[] permutation(int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
