package dev.tarn.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;

/**
 * Normalization of the rows of {@code [R, D]}, or its gradient, by oneDNN's layer normalization
 * without scale and shift. The rows are divided among the threads.
 *
 * <p>oneDNN takes distances from the mean as it is rounded to float, which is too coarse for a row
 * far from zero: such rows are then done again in double.
 */
final class NormalizeRowsStep extends ChainStep {
  private static final long LEAST_WORK = 1 << 13;
  private static final int TILE = Workspace.TILE;

  /** The square of the number of standard deviations from zero at which a row is far from it. */
  private static final float FAR = 16;

  private final boolean gradient;
  private final double epsilon;
  private final int rows;
  private final int columns;
  private final Buffer from;
  private final List<Buffer> to;
  private View x = new View(0, 0);
  private View y = new View(0, 0);
  private View means = new View(0, 0);
  private View variances = new View(0, 0);

  /**
   * A step over at least one row.
   *
   * @param gradient whether inputs are x, mean, variance, dy and the output dx; otherwise they are
   *     x and y, mean, variance
   */
  NormalizeRowsStep(
      Dnnl dnnl,
      String label,
      boolean gradient,
      double epsilon,
      int rows,
      int columns,
      List<Buffer> from,
      List<Buffer> to,
      int threads,
      Schedule<?> schedule) {
    this.gradient = gradient;
    this.epsilon = epsilon;
    this.rows = rows;
    this.columns = columns;
    this.from = from.get(0);
    this.to = to;
    int parts = parts(Math.min(threads, rows), (long) rows * columns, LEAST_WORK);
    addChains(
        dnnl,
        label,
        Arithmetic.F32,
        rows,
        parts,
        schedule,
        (chain, part, first, count) -> fill(chain, dnnl, first, count, from));
  }

  private void fill(Chain chain, Dnnl dnnl, long first, long count, List<Buffer> from) {
    dnnl_memory_desc matrix = chain.plain(count, columns);
    dnnl_memory_desc vector = chain.plain(count);
    dnnl_primitive_desc forward = new dnnl_primitive_desc();
    chain.own(
        dnnl_layer_normalization_forward_primitive_desc_create(
            forward,
            dnnl.engine(),
            dnnl_forward_training,
            matrix,
            matrix,
            vector,
            (float) epsilon,
            dnnl_normalization_flags_none,
            chain.attributes()),
        forward);
    List<Buffer> statistics = gradient ? from : to;
    Map<Integer, Chain.Operand> operands = new HashMap<>();
    operands.put(DNNL_ARG_SRC, new Chain.Operand(matrix, from.get(0), 4 * first * columns));
    operands.put(DNNL_ARG_MEAN, new Chain.Operand(vector, statistics.get(1), 4 * first));
    operands.put(DNNL_ARG_VARIANCE, new Chain.Operand(vector, statistics.get(2), 4 * first));
    Chain.Operand result = new Chain.Operand(matrix, to.get(0), 4 * first * columns);
    if (!gradient) {
      implementation = Chain.implementation(forward);
      operands.put(DNNL_ARG_DST, result);
      chain.add(forward, operands);
      return;
    }
    dnnl_primitive_desc backward = new dnnl_primitive_desc();
    chain.own(
        dnnl_layer_normalization_backward_primitive_desc_create(
            backward,
            dnnl.engine(),
            dnnl_backward_data,
            matrix,
            matrix,
            matrix,
            vector,
            (float) epsilon,
            dnnl_normalization_flags_none,
            forward,
            chain.attributes()),
        backward);
    implementation = Chain.implementation(backward);
    operands.put(DNNL_ARG_DIFF_DST, new Chain.Operand(matrix, from.get(3), 4 * first * columns));
    operands.put(DNNL_ARG_DIFF_SRC, result);
    chain.add(backward, operands);
  }

  @Override
  void bind(Addresses addresses) {
    super.bind(addresses);
    if (!gradient) {
      x = addresses.view(from);
      y = addresses.view(to.get(0));
      means = addresses.view(to.get(1));
      variances = addresses.view(to.get(2));
    }
  }

  @Override
  void run(int part, Workspace w) {
    super.run(part, w);
    if (gradient) {
      return;
    }
    int last = (int) begin(rows, part + 1, parts());
    for (int row = (int) begin(rows, part, parts()); row < last; row++) {
      float mean = means.getFloat(row);
      if (mean * mean > FAR * (variances.getFloat(row) + epsilon)) {
        normalize(row, w);
      }
    }
  }

  private void normalize(int row, Workspace w) {
    long begin = (long) row * columns;
    double sum = 0;
    for (int at = 0; at < columns; at += TILE) {
      int n = Math.min(TILE, columns - at);
      x.get(begin + at, w.f0, 0, n);
      sum += ReduceStep.sum(w.f0, 0, n);
    }
    double mean = sum / columns;
    double squares = 0;
    for (int at = 0; at < columns; at += TILE) {
      int n = Math.min(TILE, columns - at);
      x.get(begin + at, w.f0, 0, n);
      squares += squares(w.f0, mean, n);
    }
    means.putFloat(row, (float) mean);
    variances.putFloat(row, (float) (squares / columns));
    double factor = 1 / Math.sqrt(squares / columns + epsilon);
    for (int at = 0; at < columns; at += TILE) {
      int n = Math.min(TILE, columns - at);
      x.get(begin + at, w.f0, 0, n);
      for (int i = 0; i < n; i++) {
        w.f0[i] = (float) ((w.f0[i] - mean) * factor);
      }
      y.put(begin + at, w.f0, 0, n);
    }
  }

  /** The sum of the squared distances from the mean, in chains that do not wait for each other. */
  private static double squares(float[] tile, double mean, int n) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int i = 0;
    for (; i + 3 < n; i += 4) {
      double a = tile[i] - mean;
      double b = tile[i + 1] - mean;
      double c = tile[i + 2] - mean;
      double d = tile[i + 3] - mean;
      s0 += a * a;
      s1 += b * b;
      s2 += c * c;
      s3 += d * d;
    }
    for (; i < n; i++) {
      double a = tile[i] - mean;
      s0 += a * a;
    }
    return (s0 + s1) + (s2 + s3);
  }
}
