package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Copies a buffer to another of the same size, or fills it with zeros if there is none. */
final class CopyStep extends Step {
  private static final long LEAST_WORK = 1 << 15;

  private final @Nullable Buffer from;
  private final Buffer to;
  private final long elements;
  private final int parts;
  private @Nullable View source;
  private View target = new View(0, 0);

  CopyStep(@Nullable Buffer from, Buffer to, int threads) {
    this.from = from;
    this.to = to;
    this.elements = to.bytes() / 4;
    this.parts = parts(threads, elements, LEAST_WORK);
  }

  @Override
  int parts() {
    return parts;
  }

  @Override
  void bind(Addresses addresses) {
    source = from == null ? null : addresses.view(from);
    target = addresses.view(to);
  }

  @Override
  void run(int part, Workspace w) {
    long at = begin(elements, part, parts);
    long end = begin(elements, part + 1, parts);
    if (source != null) {
      target.put(at, source, at, end - at);
      return;
    }
    Arrays.fill(w.i0, 0);
    for (; at < end; at += Workspace.TILE) {
      target.put(at, w.i0, 0, (int) Math.min(Workspace.TILE, end - at));
    }
  }
}
