package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.List;

/** Softmax of rows or its logarithm, or the gradient. */
final class SoftmaxStep extends Step {
  private static final long LEAST_WORK = 1 << 12;

  /**
   * What to compute.
   *
   * @param gradient whether the inputs are the softmax and its gradient; otherwise it is the logits
   */
  record Kind(boolean log, boolean gradient) {}

  private final Kind kind;
  private final long rows;
  private final int columns;
  private final List<Buffer> from;
  private final Buffer to;
  private final int parts;
  private final View[] inputs;
  private View target = new View(0, 0);

  SoftmaxStep(Kind kind, long rows, int columns, List<Buffer> from, Buffer to, int threads) {
    this.kind = kind;
    this.rows = rows;
    this.columns = columns;
    this.from = from;
    this.to = to;
    this.parts = parts((int) Math.min(threads, Math.max(1, rows)), rows * columns, LEAST_WORK);
    this.inputs = new View[from.size()];
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
    target = addresses.view(to);
  }

  @Override
  void run(int part, Workspace w) {
    long first = begin(rows, part, parts);
    long last = begin(rows, part + 1, parts);
    // Several rows share a tile, so that the exponential runs over long loops.
    int together = Math.max(1, Workspace.TILE / columns);
    for (long row = first; row < last; row += together) {
      rows(row, (int) Math.min(together, last - row), w);
    }
  }

  /** Computes some rows: one, or as many as fit a tile. */
  void rows(long row, int count, Workspace w) {
    if (kind.gradient) {
      if (columns > Workspace.TILE) {
        wideGradient(row * columns, w);
      } else {
        gradients(row * columns, count, w);
      }
    } else if (columns > Workspace.TILE) {
      wideSoftmax(row * columns, w);
    } else {
      softmaxes(row * columns, count, w);
    }
  }

  private void softmaxes(long at, int count, Workspace w) {
    float[] x = w.f3;
    int n = count * columns;
    inputs[0].get(at, x, 0, n);
    for (int begin = 0; begin < n; begin += columns) {
      float max = ReduceStep.max(x, begin, begin + columns);
      for (int j = begin; j < begin + columns; j++) {
        x[j] -= max;
      }
    }
    float[] e = w.f2;
    TileMath.exp(x, e, w, n);
    for (int begin = 0; begin < n; begin += columns) {
      float scale = scale(ReduceStep.sum(e, begin, begin + columns));
      for (int j = begin; j < begin + columns; j++) {
        x[j] = kind.log ? x[j] - scale : e[j] * scale;
      }
    }
    target.put(at, x, 0, n);
  }

  /** What is subtracted from a shifted logit, or what its exponential is multiplied by. */
  private float scale(double sum) {
    return (float) (kind.log ? StrictMath.log(sum) : 1 / sum);
  }

  private void wideSoftmax(long begin, Workspace w) {
    float max = Float.NEGATIVE_INFINITY;
    for (int at = 0; at < columns; at += Workspace.TILE) {
      int n = Math.min(Workspace.TILE, columns - at);
      inputs[0].get(begin + at, w.f3, 0, n);
      max = Math.max(max, ReduceStep.max(w.f3, 0, n));
    }
    double sum = 0;
    for (int at = 0; at < columns; at += Workspace.TILE) {
      int n = shifted(begin, at, max, w);
      TileMath.exp(w.f3, w.f3, w, n);
      sum += ReduceStep.sum(w.f3, 0, n);
    }
    float scale = scale(sum);
    for (int at = 0; at < columns; at += Workspace.TILE) {
      int n = shifted(begin, at, max, w);
      if (kind.log) {
        TileKernels.sub(w.f3, scale, w.f3, n);
      } else {
        TileMath.exp(w.f3, w.f3, w, n);
        TileKernels.mul(w.f3, scale, w.f3, n);
      }
      target.put(begin + at, w.f3, 0, n);
    }
  }

  private int shifted(long begin, int at, float max, Workspace w) {
    int n = Math.min(Workspace.TILE, columns - at);
    inputs[0].get(begin + at, w.f3, 0, n);
    TileKernels.sub(w.f3, max, w.f3, n);
    return n;
  }

  private void gradients(long at, int count, Workspace w) {
    int n = count * columns;
    loadGradient(at, n, w);
    for (int begin = 0; begin < n; begin += columns) {
      gradient(begin, begin + columns, (float) sum(begin, begin + columns, w), w);
    }
    target.put(at, w.f0, 0, n);
  }

  private void wideGradient(long begin, Workspace w) {
    double sum = 0;
    for (int at = 0; at < columns; at += Workspace.TILE) {
      int n = Math.min(Workspace.TILE, columns - at);
      loadGradient(begin + at, n, w);
      sum += sum(0, n, w);
    }
    for (int at = 0; at < columns; at += Workspace.TILE) {
      int n = Math.min(Workspace.TILE, columns - at);
      loadGradient(begin + at, n, w);
      gradient(0, n, (float) sum, w);
      target.put(begin + at, w.f0, 0, n);
    }
  }

  /** Probabilities to f3, the output's gradient to f0. */
  private void loadGradient(long at, int n, Workspace w) {
    inputs[0].get(at, w.f3, 0, n);
    if (kind.log) {
      TileMath.exp(w.f3, w.f3, w, n);
    }
    inputs[1].get(at, w.f0, 0, n);
  }

  private double sum(int begin, int end, Workspace w) {
    double sum = 0;
    for (int j = begin; j < end; j++) {
      sum += kind.log ? w.f0[j] : (double) w.f0[j] * w.f3[j];
    }
    return sum;
  }

  private void gradient(int begin, int end, float sum, Workspace w) {
    float[] p = w.f3;
    float[] g = w.f0;
    for (int j = begin; j < end; j++) {
      g[j] = kind.log ? g[j] - p[j] * sum : p[j] * (g[j] - sum);
    }
  }
}
