package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tensor that is read in tiles of the shape it is broadcast to.
 *
 * <p>The broadcast is reduced to as few axes as possible; what is left has stride 1 or 0 along its
 * last axis, so every tile is made of runs that are copied or filled.
 */
final class Operand {
  private final Buffer buffer;
  private final long[] extents;
  private final long[] strides;
  private @Nullable View view;

  /** A tensor of one shape that is read as another. */
  Operand(Buffer buffer, Shape shape, Shape target) {
    this.buffer = buffer;
    int[] wide = shape.broadcastStrides(target);
    List<long[]> axes = new ArrayList<>();
    for (int i = 0; i < target.rank(); i++) {
      if (target.dim(i) == 1) {
        continue;
      }
      long extent = target.dim(i);
      long stride = wide[i];
      long[] outer = axes.isEmpty() ? null : axes.get(axes.size() - 1);
      if (outer != null && outer[1] == stride * extent) {
        outer[0] *= extent;
        outer[1] = stride;
      } else {
        axes.add(new long[] {extent, stride});
      }
    }
    extents = axes.stream().mapToLong(axis -> axis[0]).toArray();
    strides = axes.stream().mapToLong(axis -> axis[1]).toArray();
  }

  void bind(Step.Addresses addresses) {
    view = addresses.view(buffer);
  }

  /** The memory it reads. */
  View view() {
    if (view == null) {
      throw new IllegalStateException(buffer + " is not bound");
    }
    return view;
  }

  /** Whether every element read is the same one. */
  boolean uniform() {
    return Arrays.stream(strides).allMatch(stride -> stride == 0);
  }

  /** Whether it is read from its first to its last element, each once. */
  boolean contiguous() {
    return strides.length == 1 && strides[0] == 1;
  }

  /** The length of the row that is read again and again, or 0 if it is not one. */
  long period() {
    return strides.length == 2 && strides[0] == 0 && strides[1] == 1 ? extents[1] : 0;
  }

  /** Reads {@code n} elements from a position in the target shape. */
  void load(long position, float[] to, int n) {
    if (contiguous()) {
      view().get(position, to, 0, n);
    } else {
      loadRuns(position, to, n);
    }
  }

  /** Reads the bits of {@code n} elements from a position in the target shape. */
  void load(long position, int[] to, int n, Workspace workspace) {
    if (contiguous()) {
      view().get(position, to, 0, n);
    } else {
      load(position, workspace.f0, n);
      workspace.toInts(workspace.f0, to, n);
    }
  }

  private void loadRuns(long position, float[] to, int n) {
    int last = extents.length - 1;
    if (last < 0) {
      Arrays.fill(to, 0, n, view().getFloat(0));
      return;
    }
    // A row that repeats, as one of a number per channel does, is a run with all its repetitions.
    boolean repeats = last > 0 && strides[last] == 1 && strides[last - 1] == 0;
    long whole = repeats ? extents[last] * extents[last - 1] : extents[last];
    for (int at = 0; at < n; ) {
      long rest = (position + at) / whole;
      long inner = (position + at) % whole;
      long offset = 0;
      for (int axis = repeats ? last - 2 : last - 1; axis >= 0; axis--) {
        offset += rest % extents[axis] * strides[axis];
        rest /= extents[axis];
      }
      int run = (int) Math.min(n - at, whole - inner);
      if (repeats) {
        repeat(offset, inner % extents[last], to, at, at + run);
      } else if (strides[last] == 0) {
        Arrays.fill(to, at, at + run, view().getFloat(offset));
      } else {
        view().get(offset + inner, to, at, run);
      }
      at += run;
    }
  }

  /** The first repetition comes from memory, the others from the tile. */
  private void repeat(long offset, long phase, float[] to, int begin, int end) {
    long period = extents[extents.length - 1];
    int first = begin + (int) Math.min(end - begin, period - phase);
    view().get(offset + phase, to, begin, first - begin);
    int filled = first + (int) Math.min(end - first, period);
    view().get(offset, to, first, filled - first);
    while (filled < end) {
      int count = Math.min(filled - first, end - filled);
      System.arraycopy(to, first, to, filled, count);
      filled += count;
    }
  }
}
