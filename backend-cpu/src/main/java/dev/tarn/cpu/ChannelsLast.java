package dev.tarn.cpu;

import dev.tarn.Shape;
import java.util.Arrays;

/**
 * Walks over an image {@code [N, H, W, C]} in tiles of whole pixels, so that each position of a
 * tile is always of the same channel.
 *
 * <p>Work is divided by examples. Sums are taken per position, in loops that C2 turns into vector
 * code, and only at the end per channel, in double.
 */
final class ChannelsLast {
  /** Elements of a tile, if there are not more channels: all tiles of a loop stay cached. */
  private static final int TILE = 512;

  /** Tiles that are added up in float before the sum goes to double. */
  private static final int BLOCK = 64;

  private static final long LEAST_WORK = 1 << 13;

  /** The pixels of an example that are looked at to guess the mean. */
  private static final int SAMPLE = 16;

  /** What is done with a tile. */
  interface Tile {
    /** Sees {@code n} elements from {@code at} on. */
    void run(long at, int n);
  }

  private final int examples;
  private final int example;
  private final int channels;
  private final int tile;
  private final int parts;

  /** For an image {@code [N, C, H, W]} of not more channels than a tile has elements. */
  ChannelsLast(Shape image, int threads) {
    this.examples = image.dim(0);
    this.channels = image.dim(1);
    this.example = image.withoutFirst().intSize();
    this.tile = Math.max(1, TILE / channels) * channels;
    this.parts = Math.min(examples, Step.parts(threads, image.size(), LEAST_WORK));
  }

  int parts() {
    return parts;
  }

  int channels() {
    return channels;
  }

  /** The elements of a channel. */
  double count() {
    return (double) examples * example / channels;
  }

  /** The mean of some pixels in the middle of each example, for each channel. */
  void sample(View image, double[] means, ChannelTiles.Scratch s) {
    int n = Math.min(Math.min(SAMPLE * channels, tile), example);
    int first = (example - n) / 2 / channels * channels;
    Arrays.fill(s.wideSums, 0);
    for (long i = 0; i < examples; i++) {
      image.get(i * example + first, s.x, 0, n);
      for (int k = 0; k < n; k++) {
        s.wideSums[k] += s.x[k];
      }
    }
    collect(s.wideSums, means);
    for (int c = 0; c < channels; c++) {
      double mean = means[c] * channels / ((double) n * examples);
      means[c] = Double.isFinite(mean) ? mean : 0;
    }
  }

  /** Goes through the tiles of a part. */
  void forEach(int part, Tile work) {
    long end = Step.begin(examples, part + 1, parts) * example;
    for (long at = Step.begin(examples, part, parts) * example; at < end; at += tile) {
      work.run(at, (int) Math.min(tile, end - at));
    }
  }

  /** Goes through the tiles of a part, which add to the sums and products; then both are wide. */
  void sum(int part, ChannelTiles.Scratch s, Tile work) {
    Arrays.fill(s.wideSums, 0);
    Arrays.fill(s.wideProducts, 0);
    int[] pending = {0};
    forEach(
        part,
        (at, n) -> {
          work.run(at, n);
          if (++pending[0] == BLOCK) {
            flush(s);
            pending[0] = 0;
          }
        });
    flush(s);
  }

  private void flush(ChannelTiles.Scratch s) {
    ChannelTiles.flush(s.sums, s.wideSums, tile);
    ChannelTiles.flush(s.products, s.wideProducts, tile);
  }

  /** Repeats the numbers of the channels to the positions of a tile. */
  void spread(double[] perChannel, float[] to) {
    for (int c = 0; c < channels; c++) {
      to[c] = (float) perChannel[c];
    }
    for (int filled = channels; filled < tile; filled *= 2) {
      System.arraycopy(to, 0, to, filled, Math.min(filled, tile - filled));
    }
  }

  /** Adds up the positions of each channel. */
  void collect(double[] wide, double[] perChannel) {
    System.arraycopy(wide, 0, perChannel, 0, channels);
    for (int i = channels; i < tile; i += channels) {
      for (int c = 0; c < channels; c++) {
        perChannel[c] += wide[i + c];
      }
    }
  }
}
