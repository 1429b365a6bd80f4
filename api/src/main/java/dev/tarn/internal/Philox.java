package dev.tarn.internal;

import java.nio.charset.StandardCharsets;

/**
 * The counter-based random number generator Philox4x32-10 (Salmon et al., "Parallel Random Numbers:
 * As Easy as 1, 2, 3", SC 2011).
 *
 * <p>The four words depend on key and counter only, so any backend computes any element's words on
 * its own and all agree.
 */
public final class Philox {
  private static final long M0 = 0xD2511F53L;
  private static final long M1 = 0xCD9E8D57L;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;
  private static final int ROUNDS = 10;

  private Philox() {}

  /** Writes the four random words of a counter under a key to {@code out[0..3]}. */
  public static void words(int k0, int k1, int c0, int c1, int c2, int c3, int[] out) {
    for (int round = 0; round < ROUNDS; round++) {
      long p0 = M0 * (c0 & 0xffffffffL);
      long p1 = M1 * (c2 & 0xffffffffL);
      c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      c1 = (int) p1;
      c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c3 = (int) p0;
      k0 += W0;
      k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }

  /** A stable 64-bit hash of a text (FNV-1a), which names a stream of random numbers. */
  public static long stream(String text) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return hash;
  }
}
