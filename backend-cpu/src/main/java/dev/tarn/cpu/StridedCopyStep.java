package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Copies a box of 4-byte elements between two places with strides of their own: transposes, slices,
 * and the parts of paddings and concatenations.
 *
 * <p>Axes are joined where both sides allow it. What is left is copied in runs where the last axis
 * is contiguous on both sides, in tiles transposed on the heap where another axis is the contiguous
 * one of the source, and element by element otherwise.
 */
final class StridedCopyStep extends Step {
  /** One side of the copy. */
  record Place(Buffer buffer, long offset, long[] strides) {}

  private static final long LEAST_WORK = 1 << 14;

  /** A tile takes so many steps of the source's contiguous axis and of the target's. */
  private static final int TILE_FROM = 32;

  private static final int TILE_TO = Workspace.TILE / TILE_FROM;

  private final Place from;
  private final Place to;

  /** Extent, stride of the source, stride of the target; without the last two if tiled. */
  private final List<long[]> outer = new ArrayList<>();

  private final long[] last;

  /** The axis that is contiguous in the source; only if it is not the last. */
  private final long[] across;

  private final boolean tiled;
  private final long units;
  private final int parts;
  private View source = new View(0, 0);
  private View target = new View(0, 0);

  /** A copy of a box, whose extents are none of them zero. */
  StridedCopyStep(int[] extents, Place from, Place to, int threads) {
    this.from = from;
    this.to = to;
    long elements = 1;
    for (int i = 0; i < extents.length; i++) {
      elements *= extents[i];
      if (extents[i] != 1) {
        join(new long[] {extents[i], from.strides[i], to.strides[i]});
      }
    }
    last = outer.isEmpty() ? new long[] {1, 1, 1} : outer.remove(outer.size() - 1);
    long[] contiguous = last;
    for (long[] axis : outer) {
      contiguous = axis[1] == 1 ? axis : contiguous;
    }
    across = contiguous;
    tiled = last[1] != 1 && last[2] == 1 && across != last;
    if (tiled) {
      outer.remove(across);
      long tiles = tiles(last[0], TILE_TO) * tiles(across[0], TILE_FROM);
      units = elements / last[0] / across[0] * tiles;
    } else {
      units = elements;
    }
    parts = (int) Math.min(units, parts(threads, elements, LEAST_WORK));
  }

  private void join(long[] axis) {
    long[] before = outer.isEmpty() ? null : outer.get(outer.size() - 1);
    if (before != null && before[1] == axis[1] * axis[0] && before[2] == axis[2] * axis[0]) {
      before[0] *= axis[0];
      before[1] = axis[1];
      before[2] = axis[2];
    } else {
      outer.add(axis);
    }
  }

  private static long tiles(long extent, int size) {
    return (extent + size - 1) / size;
  }

  /** The row-major strides of a shape. */
  static long[] strides(int... extents) {
    long[] strides = new long[extents.length];
    long stride = 1;
    for (int i = extents.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= extents[i];
    }
    return strides;
  }

  @Override
  int parts() {
    return parts;
  }

  @Override
  void bind(Addresses addresses) {
    source = addresses.view(from.buffer);
    target = addresses.view(to.buffer);
  }

  @Override
  void run(int part, Workspace w) {
    long end = begin(units, part + 1, parts);
    long at = begin(units, part, parts);
    if (tiled) {
      for (; at < end; at++) {
        tile(at, w);
      }
    } else {
      runs(at, end);
    }
  }

  /** Copies from one element to another, run by run along the last of the outer axes. */
  private void runs(long at, long end) {
    long[] axis = outer.isEmpty() ? new long[] {1, 0, 0} : outer.get(outer.size() - 1);
    while (at < end) {
      long inner = at % last[0];
      long index = at / last[0];
      long[] begins = begins(index);
      for (long row = index % axis[0]; row < axis[0] && at < end; row++) {
        long count = Math.min(end - at, last[0] - inner);
        run(begins[0] + inner * last[1], begins[1] + inner * last[2], count);
        begins[0] += axis[1];
        begins[1] += axis[2];
        at += count;
        inner = 0;
      }
    }
  }

  /** Where the elements at an index of the outer axes begin, in source and target. */
  private long[] begins(long index) {
    long[] out = {from.offset, to.offset};
    for (int i = outer.size() - 1; i >= 0; i--) {
      long[] axis = outer.get(i);
      out[0] += index % axis[0] * axis[1];
      out[1] += index % axis[0] * axis[2];
      index /= axis[0];
    }
    return out;
  }

  private void run(long first, long second, long count) {
    if (last[1] == 1 && last[2] == 1) {
      target.put(second, source, first, count);
    } else {
      for (long i = 0; i < count; i++) {
        target.putInt(second + i * last[2], source.getInt(first + i * last[1]));
      }
    }
  }

  private void tile(long unit, Workspace w) {
    long columns = tiles(last[0], TILE_TO);
    long rows = tiles(across[0], TILE_FROM);
    long column = unit % columns * TILE_TO;
    long row = unit / columns % rows * TILE_FROM;
    int width = (int) Math.min(TILE_TO, last[0] - column);
    int height = (int) Math.min(TILE_FROM, across[0] - row);
    long[] begins = begins(unit / columns / rows);
    for (int j = 0; j < width; j++) {
      source.get(begins[0] + (column + j) * last[1] + row, w.i0, j * TILE_FROM, height);
    }
    for (int i = 0; i < height; i++) {
      for (int j = 0; j < width; j++) {
        w.i1[j] = w.i0[j * TILE_FROM + i];
      }
      target.put(begins[1] + (row + i) * across[2] + column, w.i1, 0, width);
    }
  }
}
