package dev.tarn.cpu;

import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.ir.Pool2d;
import java.util.Arrays;
import java.util.List;

/**
 * Pooling of {@code [N, C, H, W]}, or its gradient, image by image on heap copies: a plane, or as
 * many planes as lie interleaved in a block.
 */
final class Pool2dStep extends Step {
  private static final long LEAST_WORK = 1 << 12;

  private final Pool2d op;
  private final boolean gradient;
  private final List<Buffer> from;
  private final Buffer to;
  private final int images;
  private final int lanes;
  private final int height;
  private final int width;
  private final int rows;
  private final int columns;
  private final int[] firstColumn;
  private final int[] lastColumn;
  private final int parts;
  private final MaxPooling max;
  private final View[] inputs;
  private View output = new View(0, 0);

  /**
   * A step.
   *
   * @param gradient whether the inputs are those of the gradient
   * @param input the shape {@code [N, C, H, W]} of what is pooled
   * @param lanes the number of channels whose planes lie interleaved
   */
  Pool2dStep(
      Pool2d op,
      boolean gradient,
      Shape input,
      int lanes,
      List<Buffer> from,
      Buffer to,
      int threads) {
    this.op = op;
    this.gradient = gradient;
    this.from = from;
    this.to = to;
    Shape pooled = op.window().over(op.name(), input);
    images = input.dim(0) * input.dim(1) / lanes;
    this.lanes = lanes;
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
    parts = parts(Math.min(threads, Math.max(1, images)), work, LEAST_WORK);
    inputs = new View[from.size()];
    max = new MaxPooling(window, height, width, rows, columns, lanes);
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
    run(begin(images, part, parts), begin(images, part + 1, parts), w);
  }

  /** Pools some of the images. */
  void run(long first, long end, Workspace w) {
    long in = (long) height * width * lanes;
    long out = (long) rows * columns * lanes;
    for (long image = first; image < end; image++) {
      long at = image * in;
      long pooled = image * out;
      if (op.kind() == Pool2d.Kind.AVERAGE) {
        average(at, pooled, w);
      } else if (!gradient) {
        max.forward(inputs[0], at, output, pooled, w);
      } else {
        max.backward(inputs[0], at, inputs[1], pooled, output, w);
      }
    }
  }

  private void average(long at, long pooled, Workspace w) {
    int in = height * width * lanes;
    int out = rows * columns * lanes;
    float[] x = w.large(0, in);
    float[] y = w.large(1, out);
    if (gradient) {
      inputs[0].get(pooled, y, 0, out);
      Arrays.fill(x, 0, in, 0f);
      averageGradient(y, x);
      output.put(at, x, 0, in);
    } else {
      inputs[0].get(at, x, 0, in);
      average(x, y);
      output.put(pooled, y, 0, out);
    }
  }

  private void average(float[] x, float[] y) {
    int step = width * lanes;
    for (int p = 0, at = 0; p < rows; p++) {
      int first = op.window().firstRow(p) * step;
      int last = op.window().lastRow(p, height) * step;
      for (int q = 0; q < columns; q++) {
        int divisor = op.divisor(p, q, height, width);
        for (int lane = 0; lane < lanes; lane++, at++) {
          double sum = 0;
          for (int row = first; row < last; row += step) {
            int end = row + lastColumn[q] * lanes;
            for (int i = row + firstColumn[q] * lanes + lane; i < end; i += lanes) {
              sum += x[i];
            }
          }
          y[at] = (float) (sum / divisor);
        }
      }
    }
  }

  private void averageGradient(float[] dy, float[] dx) {
    int step = width * lanes;
    for (int p = 0, at = 0; p < rows; p++) {
      int first = op.window().firstRow(p) * step;
      int last = op.window().lastRow(p, height) * step;
      for (int q = 0; q < columns; q++) {
        int divisor = op.divisor(p, q, height, width);
        for (int lane = 0; lane < lanes; lane++, at++) {
          float share = dy[at] / divisor;
          for (int row = first; row < last; row += step) {
            int end = row + lastColumn[q] * lanes;
            for (int i = row + firstColumn[q] * lanes + lane; i < end; i += lanes) {
              dx[i] += share;
            }
          }
        }
      }
    }
  }
}
