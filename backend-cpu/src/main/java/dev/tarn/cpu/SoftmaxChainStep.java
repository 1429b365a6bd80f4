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
    addChains(
        dnnl,
        label,
        Arithmetic.F32,
        Math.toIntExact(rows),
        parts,
        schedule,
        (chain, part, first, count) -> {
          dnnl_memory_desc matrix = chain.plain(count, columns);
          long offset = 4L * first * columns;
          fill(
              chain,
              dnnl,
              kind,
              matrix,
              from.stream().map(each -> new Chain.Operand(matrix, each, offset)).toList(),
              new Chain.Operand(matrix, to, offset));
        });
  }

  private void fill(
      Chain chain,
      Dnnl dnnl,
      SoftmaxStep.Kind kind,
      dnnl_memory_desc matrix,
      List<Chain.Operand> from,
      Chain.Operand to) {
    int algorithm = kind.log() ? dnnl_softmax_log : dnnl_softmax_accurate;
    dnnl_primitive_desc forward = new dnnl_primitive_desc();
    chain.own(
        dnnl_softmax_forward_primitive_desc_create(
            forward,
            dnnl.engine(),
            dnnl_forward_training,
            algorithm,
            matrix,
            matrix,
            1,
            chain.attributes()),
        forward);
    if (!kind.gradient()) {
      implementation = Chain.implementation(forward);
      chain.add(forward, Map.of(DNNL_ARG_SRC, from.get(0), DNNL_ARG_DST, to));
      return;
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
            forward,
            chain.attributes()),
        backward);
    implementation = Chain.implementation(backward);
    chain.add(
        backward,
        Map.of(DNNL_ARG_DST, from.get(0), DNNL_ARG_DIFF_DST, from.get(1), DNNL_ARG_DIFF_SRC, to));
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
    long last = begin(rows, part + 1, parts());
    int together = Math.max(1, Workspace.TILE / columns);
    for (long row = begin(rows, part, parts()); row < last; row += together) {
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
