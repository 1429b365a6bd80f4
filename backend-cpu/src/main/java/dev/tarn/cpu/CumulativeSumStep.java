package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.Arrays;

/**
 * The running sum of {@code [outer, extent, inner]} along the middle axis, in either direction.
 *
 * <p>Each line is added up in double by one thread in the order of its elements, so the bits depend
 * neither on the number of threads nor, much, on the length.
 */
final class CumulativeSumStep extends Step {
  private static final long LEAST_WORK = 1 << 13;

  /** Inner extents below this are read as whole rows one after another. */
  private static final int NARROW = 32;

  private final boolean reverse;
  private final long outer;
  private final long extent;
  private final long inner;
  private final Buffer from;
  private final Buffer to;
  private final long units;
  private final int parts;
  private View source = new View(0, 0);
  private View target = new View(0, 0);

  /** A step over {@code axes = [outer, extent, inner]}. */
  CumulativeSumStep(boolean reverse, long[] axes, Buffer from, Buffer to, int threads) {
    this.reverse = reverse;
    this.outer = axes[0];
    this.extent = axes[1];
    this.inner = axes[2];
    this.from = from;
    this.to = to;
    long elements = outer * extent * inner;
    this.units = elements == 0 ? 0 : inner < NARROW ? outer : outer * inner;
    int most = (int) Math.max(1, Math.min(threads, units));
    this.parts = parts(most, elements, LEAST_WORK);
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
    long first = begin(units, part, parts);
    long last = begin(units, part + 1, parts);
    while (first < last) {
      if (inner < NARROW) {
        lines(first * extent * inner, (int) inner, (int) (Workspace.TILE / inner), w);
        first++;
      } else {
        long column = first % inner;
        int n = (int) Math.min(Math.min(last - first, inner - column), Workspace.TILE);
        lines(first / inner * extent * inner + column, n, 1, w);
        first += n;
      }
    }
  }

  /** Sums {@code n} neighbouring lines, so many rows at a time; several rows are contiguous. */
  private void lines(long at, int n, int together, Workspace w) {
    Arrays.fill(w.sums, 0, n, 0);
    for (long done = 0; done < extent; done += together) {
      int rows = (int) Math.min(together, extent - done);
      long row = reverse ? extent - done - rows : done;
      source.get(at + row * inner, w.f0, 0, rows * n);
      if (n == 1) {
        w.sums[0] = one(w.sums[0], w.f0, rows);
      } else {
        for (int r = 0; r < rows; r++) {
          add(w.sums, w.f0, (reverse ? rows - 1 - r : r) * n, n);
        }
      }
      target.put(at + row * inner, w.f0, 0, rows * n);
    }
  }

  /** Sums a single line on from a sum, which stays in a register. */
  private double one(double before, float[] tile, int count) {
    double sum = before;
    for (int i = 0; i < count; i++) {
      int at = reverse ? count - 1 - i : i;
      sum += tile[at];
      tile[at] = (float) sum;
    }
    return sum;
  }

  /** Adds a row to the sums and replaces it by them. */
  private static void add(double[] sums, float[] tile, int row, int n) {
    for (int i = 0; i < n; i++) {
      sums[i] += tile[row + i];
      tile[row + i] = (float) sums[i];
    }
  }
}
