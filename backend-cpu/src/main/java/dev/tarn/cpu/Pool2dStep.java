package dev.tarn.cpu;

import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.ir.Pool2d;
import java.util.Arrays;
import java.util.List;

/** Pooling of {@code [N, C, H, W]}, or its gradient, plane by plane on heap copies. */
final class Pool2dStep extends Step {
  private static final long LEAST_WORK = 1 << 12;

  private final Pool2d op;
  private final boolean gradient;
  private final List<Buffer> from;
  private final Buffer to;
  private final int planes;
  private final int height;
  private final int width;
  private final int rows;
  private final int columns;
  private final int[] firstColumn;
  private final int[] lastColumn;
  private final int parts;
  private final View[] inputs;
  private View output = new View(0, 0);

  /**
   * A step.
   *
   * @param gradient whether the inputs are those of the gradient
   * @param input the shape {@code [N, C, H, W]} of what is pooled
   */
  Pool2dStep(Pool2d op, boolean gradient, Shape input, List<Buffer> from, Buffer to, int threads) {
    this.op = op;
    this.gradient = gradient;
    this.from = from;
    this.to = to;
    Shape pooled = op.window().over(op.name(), input);
    planes = input.dim(0) * input.dim(1);
    height = input.dim(2);
    width = input.dim(3);
    rows = pooled.dim(2);
    columns = pooled.dim(3);
    firstColumn = new int[columns];
    lastColumn = new int[columns];
    for (int q = 0; q < columns; q++) {
      firstColumn[q] = op.window().firstColumn(q);
      lastColumn[q] = op.window().lastColumn(q, width);
    }
    PoolWindow window = op.window();
    long work = Math.max(input.size(), pooled.size() * window.kernelH() * window.kernelW());
    parts = parts(Math.min(threads, Math.max(1, planes)), work, LEAST_WORK);
    inputs = new View[from.size()];
  }

  @Override
  int parts() {
    return parts;
  }

  @Override
  void bind(Addresses addresses) {
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = addresses.view(from.get(i));
    }
    output = addresses.view(to);
  }

  @Override
  void run(int part, Workspace w) {
    int in = height * width;
    int out = rows * columns;
    boolean max = op.kind() == Pool2d.Kind.MAX;
    float[] x = w.large(0, in);
    float[] y = w.large(1, out);
    float[] dx = gradient ? w.large(2, in) : x;
    long last = begin(planes, part + 1, parts);
    for (long plane = begin(planes, part, parts); plane < last; plane++) {
      if (!gradient) {
        inputs[0].get(plane * in, x, 0, in);
        if (max) {
          max(x, y);
        } else {
          average(x, y);
        }
        output.put(plane * out, y, 0, out);
        continue;
      }
      inputs[inputs.length - 1].get(plane * out, y, 0, out);
      Arrays.fill(dx, 0, in, 0f);
      if (max) {
        inputs[0].get(plane * in, x, 0, in);
        maxGradient(x, y, dx);
      } else {
        averageGradient(y, dx);
      }
      output.put(plane * in, dx, 0, in);
    }
  }

  private void max(float[] x, float[] y) {
    for (int p = 0, at = 0; p < rows; p++) {
      int first = op.window().firstRow(p) * width;
      int last = op.window().lastRow(p, height) * width;
      for (int q = 0; q < columns; q++, at++) {
        y[at] = x[largest(x, first, last, firstColumn[q], lastColumn[q])];
      }
    }
  }

  private void maxGradient(float[] x, float[] dy, float[] dx) {
    for (int p = 0, at = 0; p < rows; p++) {
      int first = op.window().firstRow(p) * width;
      int last = op.window().lastRow(p, height) * width;
      for (int q = 0; q < columns; q++, at++) {
        dx[largest(x, first, last, firstColumn[q], lastColumn[q])] += dy[at];
      }
    }
  }

  /** The index of the first largest element, NaN being the largest, of rows that begin at these. */
  private int largest(float[] x, int firstRow, int lastRow, int firstColumn, int lastColumn) {
    int best = firstRow + firstColumn;
    float largest = x[best];
    for (int row = firstRow; row < lastRow; row += width) {
      for (int i = row + firstColumn; i < row + lastColumn; i++) {
        float value = x[i];
        // Not "greater": that is false for a NaN, which must win over a number.
        if (!(value <= largest) && largest == largest) {
          largest = value;
          best = i;
        }
      }
    }
    return best;
  }

  private void average(float[] x, float[] y) {
    for (int p = 0, at = 0; p < rows; p++) {
      int first = op.window().firstRow(p) * width;
      int last = op.window().lastRow(p, height) * width;
      for (int q = 0; q < columns; q++, at++) {
        double sum = 0;
        for (int row = first; row < last; row += width) {
          for (int i = row + firstColumn[q]; i < row + lastColumn[q]; i++) {
            sum += x[i];
          }
        }
        y[at] = (float) (sum / op.divisor(p, q, height, width));
      }
    }
  }

  private void averageGradient(float[] dy, float[] dx) {
    for (int p = 0, at = 0; p < rows; p++) {
      int first = op.window().firstRow(p) * width;
      int last = op.window().lastRow(p, height) * width;
      for (int q = 0; q < columns; q++, at++) {
        float share = dy[at] / op.divisor(p, q, height, width);
        for (int row = first; row < last; row += width) {
          for (int i = row + firstColumn[q]; i < row + lastColumn[q]; i++) {
            dx[i] += share;
          }
        }
      }
    }
  }
}
