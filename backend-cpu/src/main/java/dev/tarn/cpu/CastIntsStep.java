package dev.tarn.cpu;

import dev.tarn.DType;
import dev.tarn.backend.Buffer;

/** Casts f32 to i32 or i32 to f32, as Java does. */
final class CastIntsStep extends Step {
  private static final long LEAST_WORK = 1 << 14;

  private final DType type;
  private final Buffer from;
  private final Buffer to;
  private final long elements;
  private final int parts;
  private View source = new View(0, 0);
  private View target = new View(0, 0);

  CastIntsStep(DType type, Buffer from, Buffer to, int threads) {
    this.type = type;
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
    source = addresses.view(from);
    target = addresses.view(to);
  }

  @Override
  void run(int part, Workspace w) {
    long end = begin(elements, part + 1, parts);
    for (long at = begin(elements, part, parts); at < end; at += Workspace.TILE) {
      int n = (int) Math.min(Workspace.TILE, end - at);
      if (type == DType.I32) {
        source.get(at, w.f0, 0, n);
        TileKernels.toInts(w.f0, w.i0, n);
        target.put(at, w.i0, 0, n);
      } else {
        source.get(at, w.i0, 0, n);
        TileKernels.toFloats(w.i0, w.f0, n);
        target.put(at, w.f0, 0, n);
      }
    }
  }
}
