package dev.tarn.cpu;

import dev.tarn.ir.DropoutMask;

/**
 * Fills tiles with a dropout mask: {@link dev.tarn.internal.Philox} for many counters at a time.
 *
 * <p>Word {@code j} of all counters lies in lane {@code j}; each half of a round is a loop over the
 * lanes that C2 makes vector code of, four times as fast as one counter after the other. The upper
 * half of a 32-bit product is put together from 16-bit halves, as there is no such instruction for
 * vectors.
 */
final class DropoutTile {
  private static final int M0 = 0xD2511F53;
  private static final int M1 = 0xCD9E8D57;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;
  private static final int ROUNDS = 10;

  private final Operand seed;
  private final Operand step;
  private final int streamLow;
  private final int streamHigh;
  private final int threshold;
  private final int kept;

  DropoutTile(DropoutMask op, Operand seed, Operand step) {
    this.seed = seed;
    this.step = step;
    this.streamLow = (int) op.stream();
    this.streamHigh = (int) (op.stream() >>> 32);
    this.threshold = op.threshold();
    this.kept = Float.floatToRawIntBits(1f / op.keep());
  }

  /**
   * Writes the bits of {@code n} elements from a position on, which is a multiple of 4; what lies
   * after them up to a multiple of 4 is overwritten too.
   */
  void fill(long position, int[] to, Workspace w, int n) {
    int counters = (n + 3) / 4;
    int[][] lanes = w.lanes;
    count((int) (position / 4), lanes[0], counters);
    TileKernels.fill(step.view().getInt(0), lanes[1], counters);
    TileKernels.fill(streamLow, lanes[2], counters);
    TileKernels.fill(streamHigh, lanes[3], counters);
    int k0 = seed.view().getInt(0);
    int k1 = seed.view().getInt(1);
    // An even number of rounds: the words end in the lanes where they began.
    for (int round = 0; round < ROUNDS; round += 2) {
      round(lanes, 0, 4, k0, k1, counters);
      round(lanes, 4, 0, k0 + W0, k1 + W1, counters);
      k0 += 2 * W0;
      k1 += 2 * W1;
    }
    for (int j = 0; j < 4; j++) {
      choose(lanes[j], threshold, kept, counters);
    }
    interleave(lanes[0], lanes[1], lanes[2], lanes[3], to, counters);
  }

  private static void round(int[][] lanes, int from, int to, int k0, int k1, int n) {
    high(M1, lanes[from + 2], lanes[from + 1], k0, lanes[to], n);
    low(M1, lanes[from + 2], lanes[to + 1], n);
    high(M0, lanes[from], lanes[from + 3], k1, lanes[to + 2], n);
    low(M0, lanes[from], lanes[to + 3], n);
  }

  private static void count(int first, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = first + i;
    }
  }

  /** The upper half of {@code factor * a}, exclusive or {@code x} and {@code key}. */
  private static void high(int factor, int[] a, int[] x, int key, int[] out, int n) {
    int factorLow = factor & 0xffff;
    int factorHigh = factor >>> 16;
    for (int i = 0; i < n; i++) {
      int low = a[i] & 0xffff;
      int high = a[i] >>> 16;
      int first = factorLow * high + ((factorLow * low) >>> 16);
      int second = factorHigh * low + (first & 0xffff);
      out[i] = (factorHigh * high + (first >>> 16) + (second >>> 16)) ^ x[i] ^ key;
    }
  }

  private static void low(int factor, int[] a, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[i] = factor * a[i];
    }
  }

  /** {@code kept} where a word, unsigned, is at most the threshold, else 0. */
  private static void choose(int[] words, int threshold, int kept, int n) {
    int not = ~threshold;
    for (int i = 0; i < n; i++) {
      int borrow = (not & words[i]) | ((not | words[i]) & (threshold - words[i]));
      words[i] = kept & ~(borrow >> 31);
    }
  }

  private static void interleave(int[] a, int[] b, int[] c, int[] d, int[] out, int n) {
    for (int i = 0; i < n; i++) {
      out[4 * i] = a[i];
      out[4 * i + 1] = b[i];
      out[4 * i + 2] = c[i];
      out[4 * i + 3] = d[i];
    }
  }
}
