package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.List;

/** Softmax cross-entropy of rows {@code [N, C]} with labels, or its gradient. */
final class SoftmaxCrossEntropyStep extends Step {
  private static final long LEAST_WORK = 1 << 12;

  private final boolean gradient;
  private final int rows;
  private final int columns;
  private final List<Buffer> from;
  private final List<Buffer> to;
  private final int parts;
  private final View[] inputs;
  private final View[] outputs;

  /**
   * A step.
   *
   * @param gradient whether the inputs are logits, labels, lse, grad and the output their gradient;
   *     otherwise the inputs are logits, labels and the outputs loss, lse
   */
  SoftmaxCrossEntropyStep(
      boolean gradient, int rows, int columns, List<Buffer> from, List<Buffer> to, int threads) {
    this.gradient = gradient;
    this.rows = rows;
    this.columns = columns;
    this.from = from;
    this.to = to;
    this.parts = parts(Math.min(threads, Math.max(1, rows)), (long) rows * columns, LEAST_WORK);
    this.inputs = new View[from.size()];
    this.outputs = new View[to.size()];
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
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = addresses.view(to.get(i));
    }
  }

  @Override
  void run(int part, Workspace w) {
    int first = (int) begin(rows, part, parts);
    int last = (int) begin(rows, part + 1, parts);
    if (columns > Workspace.TILE) {
      for (int row = first; row < last; row++) {
        if (gradient) {
          wideGradient(row, w);
        } else {
          wideLoss(row, w);
        }
      }
      return;
    }
    // Several rows share a tile, so that the exponential runs over long loops.
    int together = Workspace.TILE / columns;
    for (int row = first; row < last; row += together) {
      int count = Math.min(together, last - row);
      if (gradient) {
        gradients(row, count, w);
      } else {
        losses(row, count, w);
      }
    }
  }

  private void losses(int row, int count, Workspace w) {
    float[] x = w.f3;
    int n = count * columns;
    inputs[0].get((long) row * columns, x, 0, n);
    for (int r = 0; r < count; r++) {
      int begin = r * columns;
      float max = ReduceStep.foldMax(x, begin, begin + columns, w);
      for (int j = begin; j < begin + columns; j++) {
        x[j] -= max;
      }
      w.sums[r] = max;
    }
    TileMath.exp(x, x, w, n);
    for (int r = 0; r < count; r++) {
      double sum = ReduceStep.fold(x, r * columns, (r + 1) * columns, w);
      put(row + r, w.sums[r] + StrictMath.log(sum));
    }
  }

  private void wideLoss(int row, Workspace w) {
    long begin = (long) row * columns;
    float max = Float.NEGATIVE_INFINITY;
    for (int at = 0; at < columns; at += Workspace.TILE) {
      int n = Math.min(Workspace.TILE, columns - at);
      inputs[0].get(begin + at, w.f3, 0, n);
      max = Math.max(max, ReduceStep.foldMax(w.f3, 0, n, w));
    }
    double sum = 0;
    for (int at = 0; at < columns; at += Workspace.TILE) {
      int n = Math.min(Workspace.TILE, columns - at);
      inputs[0].get(begin + at, w.f3, 0, n);
      TileKernels.sub(w.f3, max, w.f3, n);
      TileMath.exp(w.f3, w.f3, w, n);
      sum += ReduceStep.fold(w.f3, 0, n, w);
    }
    put(row, max + StrictMath.log(sum));
  }

  private void put(int row, double lse) {
    int label = inputs[1].getInt(row);
    boolean known = label >= 0 && label < columns;
    double loss = known ? lse - inputs[0].getFloat((long) row * columns + label) : Double.NaN;
    outputs[0].putFloat(row, (float) loss);
    outputs[1].putFloat(row, (float) lse);
  }

  private void gradients(int row, int count, Workspace w) {
    float[] x = w.f3;
    int n = count * columns;
    long at = (long) row * columns;
    inputs[0].get(at, x, 0, n);
    for (int r = 0; r < count; r++) {
      float lse = inputs[2].getFloat(row + r);
      for (int j = r * columns; j < (r + 1) * columns; j++) {
        x[j] -= lse;
      }
    }
    TileMath.exp(x, x, w, n);
    for (int r = 0; r < count; r++) {
      int label = inputs[1].getInt(row + r);
      boolean known = label >= 0 && label < columns;
      float grad = known ? upstream(row + r) : Float.NaN;
      if (known) {
        x[r * columns + label] -= 1;
      }
      for (int j = r * columns; j < (r + 1) * columns; j++) {
        x[j] *= grad;
      }
    }
    outputs[0].put(at, x, 0, n);
  }

  private float upstream(int row) {
    return inputs[3].getFloat(from.get(3).bytes() == Float.BYTES ? 0 : row);
  }

  private void wideGradient(int row, Workspace w) {
    int label = inputs[1].getInt(row);
    boolean known = label >= 0 && label < columns;
    float grad = known ? upstream(row) : Float.NaN;
    float lse = inputs[2].getFloat(row);
    for (int at = 0; at < columns; at += Workspace.TILE) {
      int n = Math.min(Workspace.TILE, columns - at);
      inputs[0].get((long) row * columns + at, w.f3, 0, n);
      TileKernels.sub(w.f3, lse, w.f3, n);
      TileMath.exp(w.f3, w.f3, w, n);
      if (label >= at && label < at + n) {
        w.f3[label - at] -= 1;
      }
      TileKernels.mul(w.f3, grad, w.f3, n);
      outputs[0].put((long) row * columns + at, w.f3, 0, n);
    }
  }
}
