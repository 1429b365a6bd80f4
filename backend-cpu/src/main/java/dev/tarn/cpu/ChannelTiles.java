package dev.tarn.cpu;

import java.util.Arrays;

/**
 * Walks over {@code [N, C, inner]} so that the elements of a group of channels lie in tiles, each
 * position of a tile always of the same channel.
 *
 * <p>If several channels fit a tile, a group is a run of channels, and a tile the run in one
 * example; else a group is one channel and a tile a piece of it. Sums are taken per position, in
 * loops that C2 turns into vector code, and only at the end per channel, in double.
 */
final class ChannelTiles {
  /** Tiles that are added up in float before the sum goes to double. */
  private static final int BLOCK = 64;

  /** The tiles of one thread. */
  static final class Scratch {
    final float[] x = Workspace.tile();
    final float[] dy = Workspace.tile();
    final float[] shift = Workspace.tile();
    final float[] factor = Workspace.tile();
    final float[] slope = Workspace.tile();
    final float[] offset = Workspace.tile();
    final float[] sums = Workspace.tile();
    final float[] products = Workspace.tile();
    final double[] wideSums = new double[Workspace.TILE];
    final double[] wideProducts = new double[Workspace.TILE];
    final double[] a = new double[Workspace.TILE];
    final double[] b = new double[Workspace.TILE];
    final double[] c = new double[Workspace.TILE];
    final double[] d = new double[Workspace.TILE];
  }

  private final int examples;
  private final int channels;
  private final int inner;
  private final int together;
  private final int pieces;

  ChannelTiles(int examples, int channels, int inner) {
    this.examples = examples;
    this.channels = channels;
    this.inner = inner;
    this.together = Math.max(1, Math.min(channels, Workspace.TILE / inner));
    this.pieces = (inner + Workspace.TILE - 1) / Workspace.TILE;
  }

  /** The number of tiles of a group. */
  int tiles() {
    return examples * pieces;
  }

  /** The number of channels of the group that begins at a channel, none after {@code end}. */
  int group(int channel, int end) {
    return Math.min(together, end - channel);
  }

  /** Where a tile of the group that begins at a channel lies. */
  long position(int channel, int tile) {
    long example = tile / pieces;
    return (example * channels + channel) * inner + (long) (tile % pieces) * Workspace.TILE;
  }

  /** The number of elements of a tile. */
  int length(int group, int tile) {
    return pieces == 1
        ? group * inner
        : Math.min(Workspace.TILE, inner - tile % pieces * Workspace.TILE);
  }

  /** The elements of a channel. */
  long count() {
    return (long) examples * inner;
  }

  /** Repeats one number per channel of a group to the positions of a tile. */
  void spread(double[] values, int group, float[] tile) {
    if (pieces > 1) {
      Arrays.fill(tile, (float) values[0]);
      return;
    }
    for (int c = 0; c < group; c++) {
      Arrays.fill(tile, c * inner, (c + 1) * inner, (float) values[c]);
    }
  }

  /** Whether the sums of floats must be moved to doubles after a tile. */
  boolean flushes(int tile) {
    return tile % BLOCK == BLOCK - 1 || tile == tiles() - 1;
  }

  /** The positions of a tile that a group uses. */
  int width(int group) {
    return pieces > 1 ? Workspace.TILE : group * inner;
  }

  /** Moves sums of floats to sums of doubles. */
  static void flush(float[] sums, double[] wide, int n) {
    for (int i = 0; i < n; i++) {
      wide[i] += sums[i];
      sums[i] = 0;
    }
  }

  /** Adds up the positions of each channel of a group. */
  void collect(double[] wide, int group, double[] perChannel) {
    int step = pieces > 1 ? wide.length : inner;
    for (int c = 0; c < group; c++) {
      double sum = 0;
      for (int i = c * step; i < (c + 1) * step; i++) {
        sum += wide[i];
      }
      perChannel[c] = sum;
    }
  }
}
