package dev.tarn.cpu;

import dev.tarn.internal.Philox;
import dev.tarn.ir.DropoutMask;

/** Fills tiles with a dropout mask. */
final class DropoutTile {
  private final Operand seed;
  private final Operand step;
  private final int streamLow;
  private final int streamHigh;
  private final long least;
  private final int kept;

  DropoutTile(DropoutMask op, Operand seed, Operand step) {
    this.seed = seed;
    this.step = step;
    this.streamLow = (int) op.stream();
    this.streamHigh = (int) (op.stream() >>> 32);
    this.least = op.threshold() & 0xffffffffL;
    this.kept = Float.floatToRawIntBits(1f / op.keep());
  }

  /** Writes the bits of {@code n} elements from a position on, which is a multiple of 4. */
  void fill(long position, int[] to, Workspace w, int n) {
    int k0 = seed.view().getInt(0);
    int k1 = seed.view().getInt(1);
    int c1 = step.view().getInt(0);
    int[] words = w.words;
    for (int i = 0; i < n; i += 4) {
      Philox.words(k0, k1, (int) ((position + i) / 4), c1, streamLow, streamHigh, words);
      int end = Math.min(4, n - i);
      for (int j = 0; j < end; j++) {
        // The sign of the difference instead of a comparison: a random branch is slow.
        long above = (words[j] & 0xffffffffL) - least - 1;
        to[i + j] = kept & (int) (above >> 63);
      }
    }
  }
}
