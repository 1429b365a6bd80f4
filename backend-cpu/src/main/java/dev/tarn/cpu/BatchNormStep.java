package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.Arrays;
import java.util.List;

/** Batch normalization of {@code [N, C, inner]}, or its gradient, divided by channels. */
final class BatchNormStep extends Step {
  private static final long LEAST_WORK = 1 << 13;

  /** Tiles whose mean stands for that of all while the variance is computed. */
  private static final int ESTIMATED = 4;

  /** The square of the number of standard deviations at which an estimate is far from the mean. */
  private static final double FAR = 9;

  private final boolean gradient;
  private final double epsilon;
  private final int channels;
  private final ChannelTiles tiles;
  private final List<Buffer> from;
  private final List<Buffer> to;
  private final int parts;
  private final View[] in;
  private final View[] out;

  /**
   * A step.
   *
   * @param gradient whether inputs are x, scale, mean, variance, dy and outputs dx, dscale, dbias;
   *     otherwise they are x, scale, bias and y, mean, variance
   * @param dims N, C and the product of the other extents
   */
  BatchNormStep(
      boolean gradient,
      double epsilon,
      int[] dims,
      List<Buffer> from,
      List<Buffer> to,
      int threads) {
    this.gradient = gradient;
    this.epsilon = epsilon;
    this.channels = dims[1];
    this.tiles = new ChannelTiles(dims[0], dims[1], dims[2]);
    this.from = from;
    this.to = to;
    long elements = (long) dims[0] * dims[1] * dims[2];
    this.parts = parts(Math.min(threads, Math.max(1, channels)), elements, LEAST_WORK);
    this.in = new View[from.size()];
    this.out = new View[to.size()];
  }

  @Override
  int parts() {
    return parts;
  }

  @Override
  void bind(Addresses addresses) {
    for (int i = 0; i < in.length; i++) {
      in[i] = addresses.view(from.get(i));
    }
    for (int i = 0; i < out.length; i++) {
      out[i] = addresses.view(to.get(i));
    }
  }

  @Override
  void run(int part, Workspace w) {
    int end = (int) begin(channels, part + 1, parts);
    int channel = (int) begin(channels, part, parts);
    while (channel < end) {
      int group = tiles.group(channel, end);
      if (gradient) {
        backward(channel, group, w.channels);
      } else {
        forward(channel, group, w.channels);
      }
      channel += group;
    }
  }

  private void forward(int channel, int group, ChannelTiles.Scratch s) {
    double count = tiles.count();
    // Distances from some element of the channel are as small as its spread, whatever the mean is.
    for (int c = 0; c < group; c++) {
      double first = in[0].getFloat(tiles.position(channel + c, 0));
      s.a[c] = Double.isFinite(first) ? first : 0;
    }
    tiles.spread(s.a, group, s.shift);
    estimate(channel, group, s);
    squares(channel, group, s);
    if (isFar(group, s)) {
      for (int c = 0; c < group; c++) {
        s.b[c] = (float) s.b[c] + s.c[c] / count;
      }
      squares(channel, group, s);
    }
    for (int c = 0; c < group; c++) {
      // The distances from the true mean add up to nothing.
      double rest = s.c[c] / count;
      double variance = s.d[c] / count - rest * rest;
      double factor = in[1].getFloat(channel + c) / Math.sqrt(variance + epsilon);
      out[1].putFloat(channel + c, (float) ((float) s.b[c] + rest));
      out[2].putFloat(channel + c, (float) variance);
      s.a[c] = factor;
      s.c[c] = in[2].getFloat(channel + c) - rest * factor;
    }
    tiles.spread(s.a, group, s.factor);
    tiles.spread(s.c, group, s.offset);
    for (int t = 0; t < tiles.tiles(); t++) {
      int n = tiles.length(group, t);
      long at = tiles.position(channel, t);
      in[0].get(at, s.x, 0, n);
      affine(s.x, s.shift, s.factor, s.offset, n);
      out[0].put(at, s.x, 0, n);
    }
  }

  /** The mean of the first tiles to b, which is near that of all for most data. */
  private void estimate(int channel, int group, ChannelTiles.Scratch s) {
    int width = tiles.width(group);
    int some = Math.min(ESTIMATED, tiles.tiles());
    long elements = 0;
    for (int t = 0; t < some; t++) {
      int n = tiles.length(group, t);
      in[0].get(tiles.position(channel, t), s.x, 0, n);
      addDistances(s.x, s.shift, s.sums, n);
      elements += n / group;
    }
    Arrays.fill(s.wideSums, 0, width, 0);
    ChannelTiles.flush(s.sums, s.wideSums, width);
    tiles.collect(s.wideSums, group, s.b);
    for (int c = 0; c < group; c++) {
      s.b[c] = s.a[c] + s.b[c] / elements;
    }
  }

  /** Sums of the distances from b to c, and of their squares to d. */
  private void squares(int channel, int group, ChannelTiles.Scratch s) {
    int width = tiles.width(group);
    tiles.spread(s.b, group, s.shift);
    Arrays.fill(s.wideSums, 0, width, 0);
    Arrays.fill(s.wideProducts, 0, width, 0);
    for (int t = 0; t < tiles.tiles(); t++) {
      int n = tiles.length(group, t);
      in[0].get(tiles.position(channel, t), s.x, 0, n);
      addSquares(s.x, s.shift, s.sums, s.products, n);
      if (tiles.flushes(t)) {
        ChannelTiles.flush(s.sums, s.wideSums, width);
        ChannelTiles.flush(s.products, s.wideProducts, width);
      }
    }
    tiles.collect(s.wideSums, group, s.c);
    tiles.collect(s.wideProducts, group, s.d);
  }

  /** Whether b is so far from the mean of some channel that the variance loses digits. */
  private boolean isFar(int group, ChannelTiles.Scratch s) {
    double count = tiles.count();
    for (int c = 0; c < group; c++) {
      double rest = s.c[c] / count;
      if (rest * rest > FAR * (s.d[c] / count - rest * rest)) {
        return true;
      }
    }
    return false;
  }

  private void backward(int channel, int group, ChannelTiles.Scratch s) {
    double count = tiles.count();
    for (int c = 0; c < group; c++) {
      s.a[c] = in[2].getFloat(channel + c);
    }
    tiles.spread(s.a, group, s.shift);
    int width = tiles.width(group);
    Arrays.fill(s.wideSums, 0, width, 0);
    Arrays.fill(s.wideProducts, 0, width, 0);
    for (int t = 0; t < tiles.tiles(); t++) {
      int n = tiles.length(group, t);
      long at = tiles.position(channel, t);
      in[0].get(at, s.x, 0, n);
      in[4].get(at, s.dy, 0, n);
      addProducts(s.x, s.shift, s.dy, s.sums, s.products, n);
      if (tiles.flushes(t)) {
        ChannelTiles.flush(s.sums, s.wideSums, width);
        ChannelTiles.flush(s.products, s.wideProducts, width);
      }
    }
    tiles.collect(s.wideSums, group, s.c);
    tiles.collect(s.wideProducts, group, s.d);
    for (int c = 0; c < group; c++) {
      double r = 1 / Math.sqrt(in[3].getFloat(channel + c) + epsilon);
      double scale = in[1].getFloat(channel + c);
      out[1].putFloat(channel + c, (float) (s.d[c] * r));
      out[2].putFloat(channel + c, (float) s.c[c]);
      s.a[c] = scale * r;
      s.b[c] = -scale * r * r * r * s.d[c] / count;
      s.c[c] = -scale * r * s.c[c] / count;
    }
    tiles.spread(s.a, group, s.factor);
    tiles.spread(s.b, group, s.slope);
    tiles.spread(s.c, group, s.offset);
    for (int t = 0; t < tiles.tiles(); t++) {
      int n = tiles.length(group, t);
      long at = tiles.position(channel, t);
      in[0].get(at, s.x, 0, n);
      in[4].get(at, s.dy, 0, n);
      combine(s.x, s.dy, s, n);
      out[0].put(at, s.x, 0, n);
    }
  }

  static void addDistances(float[] x, float[] shift, float[] sums, int n) {
    for (int i = 0; i < n; i++) {
      sums[i] += x[i] - shift[i];
    }
  }

  static void addSquares(float[] x, float[] shift, float[] sums, float[] squares, int n) {
    for (int i = 0; i < n; i++) {
      float distance = x[i] - shift[i];
      sums[i] += distance;
      squares[i] += distance * distance;
    }
  }

  static void addProducts(
      float[] x, float[] shift, float[] dy, float[] sums, float[] products, int n) {
    for (int i = 0; i < n; i++) {
      sums[i] += dy[i];
      products[i] += dy[i] * (x[i] - shift[i]);
    }
  }

  /** {@code x = (x - shift) factor + offset}. */
  static void affine(float[] x, float[] shift, float[] factor, float[] offset, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = (x[i] - shift[i]) * factor[i] + offset[i];
    }
  }

  /** {@code x = (x - shift) slope + offset + dy factor}. */
  static void combine(float[] x, float[] dy, ChannelTiles.Scratch s, int n) {
    float[] shift = s.shift;
    float[] slope = s.slope;
    float[] offset = s.offset;
    float[] factor = s.factor;
    for (int i = 0; i < n; i++) {
      x[i] = (x[i] - shift[i]) * slope[i] + offset[i] + dy[i] * factor[i];
    }
  }
}
