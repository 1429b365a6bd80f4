package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.Arrays;

/** Rows of a table {@code [rows, width]} by their numbers; NaN for a number out of range. */
final class GatherStep extends Step {
  private static final long LEAST_WORK = 1 << 13;

  private final int rows;
  private final int width;
  private final long count;
  private final Buffer table;
  private final Buffer indices;
  private final Buffer to;
  private final int parts;
  private View source = new View(0, 0);
  private View numbers = new View(0, 0);
  private View target = new View(0, 0);

  GatherStep(int rows, int width, Buffer table, Buffer indices, Buffer to, int threads) {
    this.rows = rows;
    this.width = width;
    this.count = indices.bytes() / 4;
    this.table = table;
    this.indices = indices;
    this.to = to;
    this.parts = parts((int) Math.min(threads, Math.max(1, count)), count * width, LEAST_WORK);
  }

  @Override
  int parts() {
    return parts;
  }

  @Override
  void bind(Addresses addresses) {
    source = addresses.view(table);
    numbers = addresses.view(indices);
    target = addresses.view(to);
  }

  @Override
  void run(int part, Workspace w) {
    long last = begin(count, part + 1, parts);
    for (long n = begin(count, part, parts); n < last; n++) {
      int row = numbers.getInt(n);
      boolean known = row >= 0 && row < rows;
      for (int at = 0; at < width; at += Workspace.TILE) {
        int length = Math.min(Workspace.TILE, width - at);
        if (known) {
          source.get((long) row * width + at, w.f0, 0, length);
        } else {
          Arrays.fill(w.f0, 0, length, Float.NaN);
        }
        target.put(n * width + at, w.f0, 0, length);
      }
    }
  }
}
