package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import dev.tarn.ir.Reduce;
import java.util.Arrays;

/**
 * Sum or maximum of {@code [outer, reduced, inner]} over the middle axis.
 *
 * <p>Long sums are taken in blocks of floats that are added up in double, so that the error does
 * not grow with the length.
 */
final class ReduceStep extends Step {
  private static final long LEAST_WORK = 1 << 14;

  /** Elements that are added up in float before the sum goes to double. */
  private static final int BLOCK = 128;

  /** Inner extents below this are read as whole rows side by side. */
  private static final int NARROW = 64;

  /** Pieces of a tile of up to this many elements are added up one by one. */
  private static final int FOLDED = 64;

  private final boolean sum;
  private final long outer;
  private final long reduced;
  private final long inner;
  private final Buffer from;
  private final Buffer to;
  private final boolean byReduced;
  private final boolean byRows;
  private final int parts;
  private final double[] partial;
  private final double[][] rows;
  private View source = new View(0, 0);
  private View target = new View(0, 0);

  /** A step over {@code axes = [outer, reduced, inner]}. */
  ReduceStep(Reduce.Kind kind, int[] axes, Buffer from, Buffer to, int threads) {
    this.sum = kind == Reduce.Kind.SUM;
    this.outer = axes[0];
    this.reduced = axes[1];
    this.inner = axes[2];
    this.from = from;
    this.to = to;
    int wanted = parts(threads, outer * reduced * inner, LEAST_WORK);
    this.byReduced = outer * inner == 1;
    this.byRows = sum && outer == 1 && inner > 1 && inner <= Workspace.TILE / 2;
    long tile = byRows ? Workspace.TILE / inner * inner : Workspace.TILE;
    long units = byReduced || byRows ? (reduced * inner + tile - 1) / tile : outer * inner;
    this.parts = (int) Math.max(1, Math.min(wanted, units));
    this.partial = new double[parts];
    this.rows = new double[byRows ? parts : 0][(int) inner];
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
    if (byReduced) {
      long tiles = (reduced + Workspace.TILE - 1) / Workspace.TILE;
      long first = begin(tiles, part, parts) * Workspace.TILE;
      long last = Math.min(reduced, begin(tiles, part + 1, parts) * Workspace.TILE);
      partial[part] = row(first, last, w);
      return;
    }
    if (byRows) {
      sumOfRows(part, w);
      return;
    }
    long first = begin(outer * inner, part, parts);
    long last = begin(outer * inner, part + 1, parts);
    if (inner == 1) {
      for (long o = first; o < last; o++) {
        target.putFloat(o, (float) row(o * reduced, (o + 1) * reduced, w));
      }
      return;
    }
    while (first < last) {
      long o = first / inner;
      long column = first % inner;
      int n = (int) Math.min(Math.min(last - first, inner - column), Workspace.TILE);
      columns(o * reduced * inner + column, n, w);
      target.put(first, w.f1, 0, n);
      first += n;
    }
  }

  @Override
  void finish() {
    if (byRows) {
      for (int i = 0; i < inner; i++) {
        double total = 0;
        for (double[] row : rows) {
          total += row[i];
        }
        target.putFloat(i, (float) total);
      }
    } else if (byReduced) {
      double total = partial[0];
      for (int i = 1; i < parts; i++) {
        total = sum ? total + partial[i] : Math.max(total, partial[i]);
      }
      target.putFloat(0, (float) total);
    }
  }

  /** Combines the elements from one position to another. */
  private double row(long first, long last, Workspace w) {
    double total = sum ? 0 : Double.NEGATIVE_INFINITY;
    for (long at = first; at < last; at += Workspace.TILE) {
      int n = (int) Math.min(Workspace.TILE, last - at);
      source.get(at, w.f0, 0, n);
      total = sum ? total + fold(w.f0, 0, n, w) : Math.max(total, foldMax(w.f0, 0, n, w));
    }
    return total;
  }

  /** Adds up this part's rows: as many as fit a tile side by side, and those at the end. */
  private void sumOfRows(int part, Workspace w) {
    int width = (int) inner;
    int together = Workspace.TILE / width;
    long tiles = (reduced + together - 1) / together;
    long first = begin(tiles, part, parts) * together;
    long last = Math.min(reduced, begin(tiles, part + 1, parts) * together);
    int most = together * width;
    Arrays.fill(w.f1, 0, most, 0f);
    Arrays.fill(w.sums, 0, most, 0);
    int pending = 0;
    for (long row = first; row < last; row += together) {
      int n = (int) Math.min(together, last - row) * width;
      source.get(row * inner, w.f0, 0, n);
      TileKernels.add(w.f1, w.f0, w.f1, n);
      if (++pending == BLOCK) {
        flush(w.f1, w.sums, most);
        pending = 0;
      }
    }
    flush(w.f1, w.sums, most);
    double[] total = rows[part];
    Arrays.fill(total, 0);
    for (int row = 0; row < together; row++) {
      for (int i = 0; i < width; i++) {
        total[i] += w.sums[row * width + i];
      }
    }
  }

  /** Combines over the reduced axis {@code n} neighbouring columns into {@code w.f1}. */
  private void columns(long first, int n, Workspace w) {
    float[] total = w.f1;
    double[] sums = w.sums;
    Arrays.fill(total, 0, n, sum ? 0f : Float.NEGATIVE_INFINITY);
    Arrays.fill(sums, 0, n, 0);
    int rows = inner < NARROW ? (int) (Workspace.TILE / inner) : 1;
    int pending = 0;
    for (long r = 0; r < reduced; r += rows) {
      int count = (int) Math.min(rows, reduced - r);
      if (count == 1) {
        source.get(first + r * inner, w.f0, 0, n);
        if (sum) {
          TileKernels.add(total, w.f0, total, n);
        } else {
          TileKernels.max(total, w.f0, total, n);
        }
      } else {
        source.get(first + r * inner, w.f0, 0, (int) ((count - 1) * inner) + n);
        narrow(w.f0, count, (int) inner, total, n);
      }
      pending += count;
      if (sum && pending >= BLOCK) {
        flush(total, sums, n);
        pending = 0;
      }
    }
    if (sum && reduced >= BLOCK) {
      flush(total, sums, n);
      for (int i = 0; i < n; i++) {
        total[i] = (float) sums[i];
      }
    }
  }

  private void narrow(float[] block, int rows, int stride, float[] total, int n) {
    for (int r = 0; r < rows; r++) {
      int row = r * stride;
      for (int i = 0; i < n; i++) {
        float x = block[row + i];
        total[i] = sum ? total[i] + x : Math.max(total[i], x);
      }
    }
  }

  private static void flush(float[] total, double[] sums, int n) {
    for (int i = 0; i < n; i++) {
      sums[i] += total[i];
      total[i] = 0;
    }
  }

  /** The sum of elements of a tile, in eight chains that do not wait for each other. */
  static double sum(float[] tile, int begin, int end) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    double s4 = 0;
    double s5 = 0;
    double s6 = 0;
    double s7 = 0;
    int i = begin;
    for (; i + 7 < end; i += 8) {
      s0 += tile[i];
      s1 += tile[i + 1];
      s2 += tile[i + 2];
      s3 += tile[i + 3];
      s4 += tile[i + 4];
      s5 += tile[i + 5];
      s6 += tile[i + 6];
      s7 += tile[i + 7];
    }
    for (; i < end; i++) {
      s0 += tile[i];
    }
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
  }

  /** The largest element of a piece of a tile, or NaN; in four chains too. */
  static float max(float[] tile, int begin, int end) {
    float m0 = Float.NEGATIVE_INFINITY;
    float m1 = m0;
    float m2 = m0;
    float m3 = m0;
    int i = begin;
    for (; i + 3 < end; i += 4) {
      m0 = Math.max(m0, tile[i]);
      m1 = Math.max(m1, tile[i + 1]);
      m2 = Math.max(m2, tile[i + 2]);
      m3 = Math.max(m3, tile[i + 3]);
    }
    for (; i < end; i++) {
      m0 = Math.max(m0, tile[i]);
    }
    return Math.max(Math.max(m0, m1), Math.max(m2, m3));
  }

  /** The same sum by folding the longer half onto the shorter while that is worth a loop. */
  static double fold(float[] tile, int begin, int end, Workspace w) {
    int n = end - begin;
    if (n <= FOLDED) {
      return sum(tile, begin, end);
    }
    if (tile != w.f0 || begin != 0) {
      System.arraycopy(tile, begin, w.f0, 0, n);
    }
    while (n > FOLDED) {
      int half = n / 2;
      System.arraycopy(w.f0, n - half, w.f1, 0, half);
      TileKernels.add(w.f0, w.f1, w.f0, half);
      n -= half;
    }
    return sum(w.f0, 0, n);
  }

  /** The largest element in the same way. */
  static float foldMax(float[] tile, int begin, int end, Workspace w) {
    int n = end - begin;
    if (n <= FOLDED) {
      return max(tile, begin, end);
    }
    if (tile != w.f0 || begin != 0) {
      System.arraycopy(tile, begin, w.f0, 0, n);
    }
    while (n > FOLDED) {
      int half = n / 2;
      System.arraycopy(w.f0, n - half, w.f1, 0, half);
      TileKernels.max(w.f0, w.f1, w.f0, half);
      n -= half;
    }
    return max(w.f0, 0, n);
  }
}
