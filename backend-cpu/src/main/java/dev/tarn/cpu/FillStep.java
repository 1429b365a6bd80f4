package dev.tarn.cpu;

import dev.tarn.backend.Buffer;
import java.util.Arrays;

/** Sets every 4-byte element of a buffer to the same bits. */
final class FillStep extends Step {
  private static final long LEAST_WORK = 1 << 15;

  private final int bits;
  private final Buffer to;
  private final long elements;
  private final int parts;
  private View target = new View(0, 0);

  FillStep(int bits, Buffer to, int threads) {
    this.bits = bits;
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
    target = addresses.view(to);
  }

  @Override
  void run(int part, Workspace w) {
    Arrays.fill(w.i0, bits);
    long end = begin(elements, part + 1, parts);
    for (long at = begin(elements, part, parts); at < end; at += Workspace.TILE) {
      target.put(at, w.i0, 0, (int) Math.min(Workspace.TILE, end - at));
    }
  }
}
