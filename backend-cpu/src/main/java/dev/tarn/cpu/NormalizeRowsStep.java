package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.List;

/** Normalization of the rows of {@code [R, D]}, or its gradient, divided by rows. */
final class NormalizeRowsStep extends Step {
  private static final long LEAST_WORK = 1 << 13;
  private static final int TILE = Workspace.TILE;

  private final boolean gradient;
  private final double epsilon;
  private final int rows;
  private final int columns;
  private final List<Buffer> from;
  private final List<Buffer> to;
  private final int parts;
  private final View[] in;
  private final View[] out;

  /**
   * A step.
   *
   * @param gradient whether inputs are x, mean, variance, dy and the output dx; otherwise they are
   *     x and y, mean, variance
   */
  NormalizeRowsStep(
      boolean gradient,
      double epsilon,
      int rows,
      int columns,
      List<Buffer> from,
      List<Buffer> to,
      int threads) {
    this.gradient = gradient;
    this.epsilon = epsilon;
    this.rows = rows;
    this.columns = columns;
    this.from = from;
    this.to = to;
    this.parts = parts(Math.min(threads, Math.max(1, rows)), (long) rows * columns, LEAST_WORK);
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
    int last = (int) begin(rows, part + 1, parts);
    // Short rows share a tile, long rows take several.
    int together = Math.max(1, TILE / columns);
    for (int row = (int) begin(rows, part, parts); row < last; row += together) {
      int count = Math.min(together, last - row);
      if (columns > TILE) {
        if (gradient) {
          longGradient(row, w);
        } else {
          longRow(row, w);
        }
        continue;
      }
      long at = (long) row * columns;
      int n = count * columns;
      in[0].get(at, w.f0, 0, n);
      if (gradient) {
        in[3].get(at, w.f1, 0, n);
      }
      for (int r = 0; r < count; r++) {
        if (gradient) {
          Moments moments = new Moments(mean(row + r));
          moments.addProducts(w.f0, w.f1, r * columns, (r + 1) * columns);
          derive(w.f0, w.f1, r * columns, (r + 1) * columns, row + r, moments);
        } else {
          double mean = sum(w.f0, r * columns, (r + 1) * columns) / columns;
          Moments moments = new Moments((float) mean);
          moments.addSquares(w.f0, r * columns, (r + 1) * columns);
          double rest = mean - (float) mean;
          double variance = moments.products / columns - rest * rest;
          put(row + r, mean, variance);
          normalize(w.f0, r * columns, (r + 1) * columns, mean, variance);
        }
      }
      out[0].put(at, w.f0, 0, n);
    }
  }

  private void longRow(int row, Workspace w) {
    long begin = (long) row * columns;
    double sum = 0;
    for (int at = 0; at < columns; at += TILE) {
      int n = Math.min(TILE, columns - at);
      in[0].get(begin + at, w.f0, 0, n);
      sum += sum(w.f0, 0, n);
    }
    double mean = sum / columns;
    Moments moments = new Moments((float) mean);
    for (int at = 0; at < columns; at += TILE) {
      int n = Math.min(TILE, columns - at);
      in[0].get(begin + at, w.f0, 0, n);
      moments.addSquares(w.f0, 0, n);
    }
    double rest = mean - (float) mean;
    double variance = moments.products / columns - rest * rest;
    put(row, mean, variance);
    for (int at = 0; at < columns; at += TILE) {
      int n = Math.min(TILE, columns - at);
      in[0].get(begin + at, w.f0, 0, n);
      normalize(w.f0, 0, n, mean, variance);
      out[0].put(begin + at, w.f0, 0, n);
    }
  }

  private void longGradient(int row, Workspace w) {
    long begin = (long) row * columns;
    Moments moments = new Moments(mean(row));
    for (int at = 0; at < columns; at += TILE) {
      int n = Math.min(TILE, columns - at);
      in[0].get(begin + at, w.f0, 0, n);
      in[3].get(begin + at, w.f1, 0, n);
      moments.addProducts(w.f0, w.f1, 0, n);
    }
    for (int at = 0; at < columns; at += TILE) {
      int n = Math.min(TILE, columns - at);
      in[0].get(begin + at, w.f0, 0, n);
      in[3].get(begin + at, w.f1, 0, n);
      derive(w.f0, w.f1, 0, n, row, moments);
      out[0].put(begin + at, w.f0, 0, n);
    }
  }

  private float mean(int row) {
    return in[1].getFloat(row);
  }

  private void put(int row, double mean, double variance) {
    out[1].putFloat(row, (float) mean);
    out[2].putFloat(row, (float) variance);
  }

  /** {@code x = (x - mean) / sqrt(variance + epsilon)}. */
  private void normalize(float[] x, int begin, int end, double mean, double variance) {
    double r = 1 / Math.sqrt(variance + epsilon);
    float factor = (float) r;
    float shift = (float) mean;
    float offset = (float) ((shift - mean) * r);
    for (int i = begin; i < end; i++) {
      x[i] = (x[i] - shift) * factor + offset;
    }
  }

  /** {@code x = r (dy - mean(dy) - (x - mean) r^2 mean(dy (x - mean)))}. */
  private void derive(float[] x, float[] dy, int begin, int end, int row, Moments moments) {
    double r = 1 / Math.sqrt(in[2].getFloat(row) + epsilon);
    float factor = (float) r;
    float slope = (float) (-r * r * r * moments.products / columns);
    float offset = (float) (-r * moments.sum / columns);
    float shift = moments.shift;
    for (int i = begin; i < end; i++) {
      x[i] = (x[i] - shift) * slope + offset + dy[i] * factor;
    }
  }

  /** Sums in four chains that do not wait for each other. */
  private static double sum(float[] x, int begin, int end) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = begin;
    for (; i + 3 < end; i += 4) {
      s0 += x[i];
      s1 += x[i + 1];
      s2 += x[i + 2];
      s3 += x[i + 3];
    }
    for (; i < end; i++) {
      s0 += x[i];
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** Sums over a row in double. */
  private static final class Moments {
    final float shift;
    double sum;
    double products;

    Moments(float shift) {
      this.shift = shift;
    }

    /** Adds the squares of the distances from the shift. */
    void addSquares(float[] x, int begin, int end) {
      double p0 = 0;
      double p1 = 0;
      int i = begin;
      for (; i + 1 < end; i += 2) {
        double a = x[i] - shift;
        double b = x[i + 1] - shift;
        p0 += a * a;
        p1 += b * b;
      }
      if (i < end) {
        double a = x[i] - shift;
        p0 += a * a;
      }
      products += p0 + p1;
    }

    /** Adds dy, and dy times the distances from the shift. */
    void addProducts(float[] x, float[] dy, int begin, int end) {
      double s0 = 0;
      double s1 = 0;
      double p0 = 0;
      double p1 = 0;
      int i = begin;
      for (; i + 1 < end; i += 2) {
        s0 += dy[i];
        s1 += dy[i + 1];
        p0 += (double) dy[i] * (x[i] - shift);
        p1 += (double) dy[i + 1] * (x[i + 1] - shift);
      }
      if (i < end) {
        s0 += dy[i];
        p0 += (double) dy[i] * (x[i] - shift);
      }
      sum += s0 + s1;
      products += p0 + p1;
    }
  }
}
