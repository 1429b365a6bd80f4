package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.Arrays;
import java.util.List;

/** Batch normalization of {@code [N, C, inner]}, or its gradient, divided by channels. */
final class BatchNormStep extends Step {
  private static final long LEAST_WORK = 1 << 13;

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
    sum(channel, group, s, false);
    tiles.collect(s.wideSums, group, s.b);
    for (int c = 0; c < group; c++) {
      s.b[c] = s.a[c] + s.b[c] / count;
    }
    tiles.spread(s.b, group, s.shift);
    sum(channel, group, s, true);
    tiles.collect(s.wideSums, group, s.c);
    tiles.collect(s.wideProducts, group, s.d);
    for (int c = 0; c < group; c++) {
      // What rounding left of the mean: the distances from the true mean add up to nothing.
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

  /** Sums of the distances from the shift, and of their squares if asked, into the wide sums. */
  private void sum(int channel, int group, ChannelTiles.Scratch s, boolean squares) {
    Arrays.fill(s.wideSums, 0);
    Arrays.fill(s.wideProducts, 0);
    for (int t = 0; t < tiles.tiles(); t++) {
      int n = tiles.length(group, t);
      in[0].get(tiles.position(channel, t), s.x, 0, n);
      if (squares) {
        addSquares(s.x, s.shift, s.sums, s.products, n);
      } else {
        addDistances(s.x, s.shift, s.sums, n);
      }
      if (tiles.flushes(t)) {
        ChannelTiles.flush(s.sums, s.wideSums);
        ChannelTiles.flush(s.products, s.wideProducts);
      }
    }
  }

  private void backward(int channel, int group, ChannelTiles.Scratch s) {
    double count = tiles.count();
    for (int c = 0; c < group; c++) {
      s.a[c] = in[2].getFloat(channel + c);
    }
    tiles.spread(s.a, group, s.shift);
    Arrays.fill(s.wideSums, 0);
    Arrays.fill(s.wideProducts, 0);
    for (int t = 0; t < tiles.tiles(); t++) {
      int n = tiles.length(group, t);
      long at = tiles.position(channel, t);
      in[0].get(at, s.x, 0, n);
      in[4].get(at, s.dy, 0, n);
      addProducts(s.x, s.shift, s.dy, s.sums, s.products, n);
      if (tiles.flushes(t)) {
        ChannelTiles.flush(s.sums, s.wideSums);
        ChannelTiles.flush(s.products, s.wideProducts);
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
      affine(s.x, s.shift, s.slope, s.offset, n);
      addScaled(s.dy, s.factor, s.x, n);
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

  /** {@code x += dy factor}. */
  static void addScaled(float[] dy, float[] factor, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] += dy[i] * factor[i];
    }
  }
}
