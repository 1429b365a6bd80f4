package dev.tarn.cpu;

import dev.tarn.backend.Buffer;

/** The index of the first largest element of each row of {@code [N, C]}; NaN is the largest. */
final class ArgMaxStep extends Step {
  private static final long LEAST_WORK = 1 << 13;

  private final int rows;
  private final int columns;
  private final Buffer from;
  private final Buffer to;
  private final int parts;
  private View source = new View(0, 0);
  private View target = new View(0, 0);

  ArgMaxStep(int rows, int columns, Buffer from, Buffer to, int threads) {
    this.rows = rows;
    this.columns = columns;
    this.from = from;
    this.to = to;
    this.parts = parts(Math.min(threads, Math.max(1, rows)), (long) rows * columns, LEAST_WORK);
  }

  @Override
  int parts() {
    return parts;
  }

  @Override
  void bind(Addresses addresses) {
    source = addresses.view(from);
    target = addresses.view(to);
  }

  @Override
  void run(int part, Workspace w) {
    int last = (int) begin(rows, part + 1, parts);
    for (int row = (int) begin(rows, part, parts); row < last; row++) {
      int best = 0;
      float largest = Float.NEGATIVE_INFINITY;
      for (int at = 0; at < columns; at += Workspace.TILE) {
        int n = Math.min(Workspace.TILE, columns - at);
        source.get((long) row * columns + at, w.f0, 0, n);
        for (int j = 0; j < n; j++) {
          float value = w.f0[j];
          if (value > largest || (value != value && largest == largest)) {
            largest = value;
            best = at + j;
          }
        }
      }
      target.putInt(row, best);
    }
  }
}
