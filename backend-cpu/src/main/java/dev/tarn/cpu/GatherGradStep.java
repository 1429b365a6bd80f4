package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.Arrays;

/**
 * Adds rows to the rows of a table {@code [rows, width]} that starts as zeros, in order.
 *
 * <p>Each part owns a range of the table's rows and looks at every index, so no two parts write to
 * the same row and the order of the sums does not depend on the number of parts.
 */
final class GatherGradStep extends Step {
  private static final long LEAST_WORK = 1 << 13;

  private final int rows;
  private final int width;
  private final long count;
  private final Buffer indices;
  private final Buffer gradient;
  private final Buffer to;
  private final int parts;
  private View numbers = new View(0, 0);
  private View source = new View(0, 0);
  private View target = new View(0, 0);

  GatherGradStep(int rows, int width, Buffer indices, Buffer gradient, Buffer to, int threads) {
    this.rows = rows;
    this.width = width;
    this.count = indices.bytes() / 4;
    this.indices = indices;
    this.gradient = gradient;
    this.to = to;
    this.parts = parts(Math.min(threads, Math.max(1, rows)), (rows + count) * width, LEAST_WORK);
  }

  @Override
  int parts() {
    return parts;
  }

  @Override
  void bind(Addresses addresses) {
    numbers = addresses.view(indices);
    source = addresses.view(gradient);
    target = addresses.view(to);
  }

  @Override
  void run(int part, Workspace w) {
    long first = begin(rows, part, parts);
    long last = begin(rows, part + 1, parts);
    Arrays.fill(w.f0, 0);
    for (long at = first * width; at < last * width; at += Workspace.TILE) {
      target.put(at, w.f0, 0, (int) Math.min(Workspace.TILE, last * width - at));
    }
    for (long begin = 0; begin < count; begin += Workspace.TILE) {
      int n = (int) Math.min(Workspace.TILE, count - begin);
      numbers.get(begin, w.i0, 0, n);
      for (int i = 0; i < n; i++) {
        if (w.i0[i] >= first && w.i0[i] < last) {
          add(begin + i, w.i0[i], w);
        }
      }
    }
  }

  private void add(long from, long row, Workspace w) {
    for (int at = 0; at < width; at += Workspace.TILE) {
      int n = Math.min(Workspace.TILE, width - at);
      source.get(from * width + at, w.f0, 0, n);
      target.get(row * width + at, w.f1, 0, n);
      TileKernels.add(w.f1, w.f0, w.f1, n);
      target.put(row * width + at, w.f1, 0, n);
    }
  }
}
