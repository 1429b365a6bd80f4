package dev.tarn.cpu;

import dev.tarn.backend.Buffer;

/** Compares integers: 1 where two tensors, broadcast to one shape, are equal, else 0. */
final class EqualIntsStep extends Step {
  private static final long LEAST_WORK = 1 << 14;

  private final Operand a;
  private final Operand b;
  private final Buffer to;
  private final long elements;
  private final int parts;
  private View target = new View(0, 0);

  EqualIntsStep(Operand a, Operand b, Buffer to, int threads) {
    this.a = a;
    this.b = b;
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
    a.bind(addresses);
    b.bind(addresses);
    target = addresses.view(to);
  }

  @Override
  void run(int part, Workspace w) {
    long end = begin(elements, part + 1, parts);
    for (long at = begin(elements, part, parts); at < end; at += Workspace.TILE) {
      int n = (int) Math.min(Workspace.TILE, end - at);
      a.load(at, w.i0, n, w);
      b.load(at, w.i1, n, w);
      TileKernels.equalInts(w.i0, w.i1, w.i0, n);
      target.put(at, w.i0, 0, n);
    }
  }
}
