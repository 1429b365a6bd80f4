package dev.tarn.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Softmax of long rows or its logarithm, or the gradient, by oneDNN. The rows are divided among the
 * threads.
 *
 * <p>oneDNN's exponential turns NaN into a number: tiles of rows that have one, or an infinity, are
 * done again by {@link SoftmaxStep}.
 */
final class SoftmaxChainStep extends ChainStep {
  /** Rows shorter than this are faster many to a tile. */
  static final int LEAST_COLUMNS = 32;

  private static final long LEAST_WORK = 1 << 13;

  private final SoftmaxStep careful;
  private final boolean checks;
  private final long rows;
  private final int columns;
  private final Buffer checked;
  private View view = new View(0, 0);

  /**
   * A step over at least one row.
   *
   * @param from the logits, or the softmax and its gradient
   * @param careful the same step for rows with numbers that are not finite
   */
  SoftmaxChainStep(
      Dnnl dnnl,
      String label,
      SoftmaxStep.Kind kind,
      long rows,
      int columns,
      List<Buffer> from,
      Buffer to,
      SoftmaxStep careful,
      int threads,
      Schedule<?> schedule) {
    this.careful = careful;
    this.checks = kind.log() || !kind.gradient();
    this.rows = rows;
    this.columns = columns;
    this.checked = from.get(0);
    int parts = parts((int) Math.min(threads, rows), rows * columns, LEAST_WORK);
    int algorithm = kind.log() ? dnnl_softmax_log : dnnl_softmax_accurate;
    try {
      for (int part = 0; part < parts; part++) {
        Chain chain = new Chain(dnnl, label, Arithmetic.F32, part, schedule);
        chains.add(chain);
        long first = begin(rows, part, parts);
        dnnl_memory_desc matrix = chain.plain(begin(rows, part + 1, parts) - first, columns);
        dnnl_primitive_desc desc = new dnnl_primitive_desc();
        chain.own(
            dnnl_softmax_forward_primitive_desc_create(
                desc,
                dnnl.engine(),
                dnnl_forward_training,
                algorithm,
                matrix,
                matrix,
                1,
                chain.attributes()),
            desc);
        long offset = 4 * first * columns;
        Chain.Operand result = new Chain.Operand(matrix, to, offset);
        Chain.Operand data = new Chain.Operand(matrix, from.get(0), offset);
        if (!kind.gradient()) {
          implementation = Chain.implementation(desc);
          chain.add(desc, Map.of(DNNL_ARG_SRC, data, DNNL_ARG_DST, result));
          continue;
        }
        dnnl_primitive_desc backward = new dnnl_primitive_desc();
        chain.own(
            dnnl_softmax_backward_primitive_desc_create(
                backward,
                dnnl.engine(),
                algorithm,
                matrix,
                matrix,
                matrix,
                1,
                desc,
                chain.attributes()),
            backward);
        implementation = Chain.implementation(backward);
        Chain.Operand dy = new Chain.Operand(matrix, from.get(1), offset);
        chain.add(
            backward, Map.of(DNNL_ARG_DST, data, DNNL_ARG_DIFF_DST, dy, DNNL_ARG_DIFF_SRC, result));
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  void bind(Addresses addresses) {
    super.bind(addresses);
    careful.bind(addresses);
    view = addresses.view(checked);
  }

  @Override
  void run(int part, Workspace w) {
    super.run(part, w);
    if (!checks) {
      return;
    }
    long last = begin(rows, part + 1, chains.size());
    int together = Math.max(1, Workspace.TILE / columns);
    for (long row = begin(rows, part, chains.size()); row < last; row += together) {
      int count = (int) Math.min(together, last - row);
      if (!finite(row * columns, (row + count) * columns, w)) {
        careful.rows(row, count, w);
      }
    }
  }

  private boolean finite(long first, long last, Workspace w) {
    int n = (int) Math.min(Workspace.TILE, last - first);
    Arrays.fill(w.i1, 0, n, 0);
    for (long at = first; at < last; at += n) {
      int count = (int) Math.min(n, last - at);
      view.get(at, w.i0, 0, count);
      TileKernels.noteNonFinite(w.i0, w.i1, count);
    }
    return !TileKernels.anyNegative(w.i1, n);
  }
}
