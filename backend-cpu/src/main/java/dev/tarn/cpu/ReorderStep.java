package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;

/** Brings an image {@code [N, C, H, W]} from row-major order to channels last, or back. */
final class ReorderStep extends ChainStep {
  private static final long LEAST_WORK = 1 << 14;

  /**
   * Prepares the primitives; their scratch memory is added to the schedule.
   *
   * @param toLast whether the source is plain, otherwise the target is
   */
  ReorderStep(
      Dnnl dnnl,
      String label,
      Shape shape,
      boolean toLast,
      Buffer from,
      Buffer to,
      int threads,
      Schedule<?> schedule) {
    int parts = Math.min(shape.dim(0), Step.parts(threads, shape.size(), LEAST_WORK));
    addChains(
        dnnl,
        label,
        Arithmetic.F32,
        shape.dim(0),
        parts,
        schedule,
        (chain, part, first, count) -> {
          Shape piece = shape.with(0, count);
          long offset = 4L * first * shape.withoutFirst().size();
          chain.reorder(
              new Chain.Operand(chain.image(piece, !toLast), from, offset),
              new Chain.Operand(chain.image(piece, toLast), to, offset));
        });
    implementation = "reorder";
  }
}
