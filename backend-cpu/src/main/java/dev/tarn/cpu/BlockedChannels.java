package dev.tarn.cpu;

import dev.tarn.Shape;
import java.util.Arrays;

/**
 * Walks over an image {@code [N, C / lanes, H, W, lanes]} in tiles, each position of a tile always
 * of the same lane.
 *
 * <p>Work is divided by pieces, the plane of a block in one example; those of a block follow each
 * other. Sums are taken per position, in loops that C2 turns into vector code, and only at the end
 * per channel, in double.
 */
final class BlockedChannels {
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
  private final int blocks;
  private final int piece;
  private final int lanes;
  private final int parts;

  /** For an image {@code [N, C, H, W]} whose channels lie in blocks of {@code lanes}. */
  BlockedChannels(Shape image, int lanes, int threads) {
    this.examples = image.dim(0);
    this.blocks = image.dim(1) / lanes;
    this.lanes = lanes;
    this.piece = Math.toIntExact(image.size() / ((long) examples * blocks));
    this.parts = Math.min(examples * blocks, Step.parts(threads, image.size(), LEAST_WORK));
  }

  int parts() {
    return parts;
  }

  int channels() {
    return blocks * lanes;
  }

  /** The elements of a channel. */
  double count() {
    return (double) examples * piece / lanes;
  }

  /** The first channel of a block. */
  int begin(int block) {
    return block * lanes;
  }

  /** The block that a part begins with. */
  int firstBlock(int part) {
    return (int) (Step.begin((long) examples * blocks, part, parts) / examples);
  }

  /** The block after the last that a part has pieces of. */
  int endBlock(int part) {
    return (int) ((Step.begin((long) examples * blocks, part + 1, parts) - 1) / examples) + 1;
  }

  /** The first part that has pieces of a channel's block. */
  int part(int channel) {
    int part = 0;
    while (endBlock(part) <= channel / lanes) {
      part++;
    }
    return part;
  }

  /** The mean of some pixels in the middle of each example, for the channels of a block. */
  void sample(View image, int block, double[] means, ChannelTiles.Scratch s) {
    int n = Math.min(SAMPLE * lanes, piece);
    int first = (piece - n) / 2 / lanes * lanes;
    Arrays.fill(s.wideSums, 0);
    for (long example = 0; example < examples; example++) {
      image.get((example * blocks + block) * piece + first, s.x, 0, n);
      for (int i = 0; i < n; i++) {
        s.wideSums[i] += s.x[i];
      }
    }
    collect(s.wideSums, block, means);
    for (int c = begin(block); c < begin(block + 1); c++) {
      double mean = means[c] * lanes / ((double) n * examples);
      means[c] = Double.isFinite(mean) ? mean : 0;
    }
  }

  /** Goes through the tiles of a block that belong to a part. */
  void forEach(int part, int block, Tile tile) {
    long all = (long) examples * blocks;
    long begin = Math.max(Step.begin(all, part, parts), (long) block * examples);
    long end = Math.min(Step.begin(all, part + 1, parts), (block + 1L) * examples);
    for (long i = begin; i < end; i++) {
      long at = (i % examples * blocks + block) * piece;
      for (int done = 0; done < piece; done += Workspace.TILE) {
        tile.run(at + done, Math.min(Workspace.TILE, piece - done));
      }
    }
  }

  /** Goes through the tiles of a block, which add to the sums and products; then both are wide. */
  void sum(int part, int block, ChannelTiles.Scratch s, Tile tile) {
    Arrays.fill(s.wideSums, 0);
    Arrays.fill(s.wideProducts, 0);
    int[] pending = {0};
    forEach(
        part,
        block,
        (at, n) -> {
          tile.run(at, n);
          if (++pending[0] == BLOCK) {
            flush(s);
            pending[0] = 0;
          }
        });
    flush(s);
  }

  private static void flush(ChannelTiles.Scratch s) {
    ChannelTiles.flush(s.sums, s.wideSums, Workspace.TILE);
    ChannelTiles.flush(s.products, s.wideProducts, Workspace.TILE);
  }

  /** Repeats the numbers of a block's channels to the positions of a tile. */
  void spread(double[] perChannel, int block, float[] tile) {
    for (int i = 0; i < lanes; i++) {
      tile[i] = (float) perChannel[block * lanes + i];
    }
    for (int filled = lanes; filled < tile.length; filled *= 2) {
      System.arraycopy(tile, 0, tile, filled, Math.min(filled, tile.length - filled));
    }
  }

  /** Adds up the positions of each channel of a block. */
  void collect(double[] wide, int block, double[] perChannel) {
    for (int lane = 0; lane < lanes; lane++) {
      double sum = 0;
      for (int i = lane; i < wide.length; i += lanes) {
        sum += wide[i];
      }
      perChannel[block * lanes + lane] = sum;
    }
  }
}
