package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;

/**
 * Where the blocks of a kernel leave numbers per channel for the last of them to combine: {@code
 * last_block.cuh}.
 */
final class LastBlock {
  /** Bytes of a mean, a sum of squared distances and what belongs to them; of two sums. */
  static final int MOMENTS = 4 * Float.BYTES;

  static final int SUMS = 2 * Float.BYTES;

  /** The numbers of all chunks are combined in two steps if a thread would load more than these. */
  private static final int MOST_LOADS = 16;

  private final Buffer partial;
  private final Buffer counters;
  private final long chunks;
  private final long part;

  /**
   * Makes the buffers.
   *
   * @param bytes of the numbers of a channel
   * @param channels in all
   * @param tiles of channels, which have a last block each
   * @param width the channels of a tile
   * @param chunks how many blocks share the rows of a tile
   * @param threads of a block
   */
  LastBlock(
      Schedule<Step> schedule,
      String label,
      int bytes,
      int channels,
      long tiles,
      long width,
      long chunks,
      int threads) {
    this.chunks = chunks;
    long together = Math.max(2, threads / width);
    this.part = chunks <= MOST_LOADS * together ? chunks : root(chunks);
    long parts = Steps.ceil(chunks, part);
    this.partial = schedule.scratch(label + " partial", bytes * (chunks + parts) * channels);
    int counted = Math.toIntExact(tiles * (1 + parts));
    this.counters = schedule.initial(label + " counters", HostTensor.zeros(Spec.i32(counted)));
  }

  /** The power of two from the square root on. */
  private static long root(long count) {
    long root = 1;
    while (root * root < count) {
      root *= 2;
    }
    return root;
  }

  /** Adds the arguments: {@code partial}, and {@code TARN_LAST_BLOCK_PARAMETERS}. */
  KernelStep arguments(KernelStep step) {
    return step.writes(partial).writes(counters).whole(chunks).whole(part);
  }
}
