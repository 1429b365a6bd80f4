package dev.tarn.cpu;

import static org.bytedeco.dnnl.global.dnnl.*;

import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code Y = op(A) op(B) + bias} by oneDNN: {@code [M,K] x [K,N] -> [M,N]}, bias {@code [N]}.
 *
 * <p>The longer of M and N is divided among the threads; each part is a primitive of its own on a
 * block of rows or columns. A batch of products {@code [B,M,N]} is divided by B if there are
 * enough. In bf16 math each part first converts its own factors.
 */
final class MatMulStep extends ChainStep {
  private static final Logger LOG = LoggerFactory.getLogger(MatMulStep.class);

  /** Below this many operations per part a second thread costs more than it gives. */
  private static final long LEAST_FLOPS = 1 << 17;

  /** Blocks begin at multiples of this many rows or columns: one 512-bit vector of floats. */
  private static final int UNIT = 16;

  /**
   * The operands.
   *
   * @param batch the number of products; one is given without an axis for it
   * @param sharedA whether all products have the same {@code a}
   * @param sharedB whether all products have the same {@code b}
   * @param transposeA whether {@code a} is stored as [K,M]
   * @param transposeB whether {@code b} is stored as [N,K]
   * @param arithmetic f32, or bf16 math
   * @param bias [N], or null
   */
  record Operands(
      String label,
      int batch,
      boolean sharedA,
      boolean sharedB,
      int m,
      int n,
      int k,
      boolean transposeA,
      boolean transposeB,
      Arithmetic arithmetic,
      Buffer a,
      Buffer b,
      @Nullable Buffer bias,
      Buffer y) {}

  private final Dnnl dnnl;
  private final Operands operands;

  /** Prepares the primitives; their scratch memory is added to the schedule. */
  MatMulStep(Dnnl dnnl, Operands operands, int threads, Schedule<?> schedule) {
    this.dnnl = dnnl;
    this.operands = operands;
    int most = parts(threads, flops(), LEAST_FLOPS);
    List<Block> blocks =
        operands.batch > 1 && operands.batch >= most ? byProducts(most) : byExtent(most);
    addChains(
        dnnl,
        operands.label,
        operands.arithmetic,
        blocks.size(),
        blocks.size(),
        schedule,
        (chain, part, first, count) -> fill(chain, blocks.get(part)));
  }

  /** What a part computes: some of the products, some rows or columns of each. */
  private record Block(int first, int batch, int row, int column, int rows, int columns) {}

  private List<Block> byProducts(int parts) {
    List<Block> blocks = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      int first = (int) begin(operands.batch, part, parts);
      int end = (int) begin(operands.batch, part + 1, parts);
      blocks.add(new Block(first, end - first, 0, 0, operands.m, operands.n));
    }
    return blocks;
  }

  private List<Block> byExtent(int parts) {
    int m = operands.m;
    int n = operands.n;
    boolean byColumns = n >= m;
    int extent = byColumns ? n : m;
    int units = (extent + UNIT - 1) / UNIT;
    int size = (units + parts - 1) / parts * UNIT;
    List<Block> blocks = new ArrayList<>();
    for (int first = 0; first < extent; first += size) {
      int count = Math.min(size, extent - first);
      blocks.add(
          byColumns
              ? new Block(0, operands.batch, 0, first, m, count)
              : new Block(0, operands.batch, first, 0, count, n));
    }
    return blocks;
  }

  private void fill(Chain chain, Block block) {
    Operands o = operands;
    int batch = block.batch;
    int rows = block.rows;
    int columns = block.columns;
    long sizeA = (long) o.m * o.k;
    long sizeB = (long) o.k * o.n;
    long sizeY = (long) o.m * o.n;
    long[] aStrides = o.transposeA ? new long[] {1, o.m} : new long[] {o.k, 1};
    long[] bStrides = o.transposeB ? new long[] {1, o.k} : new long[] {o.n, 1};
    long[] yStrides = {o.n, 1};
    long aOffset = o.transposeA ? block.row : (long) block.row * o.k;
    long bOffset = o.transposeB ? (long) block.column * o.k : block.column;
    aOffset += o.sharedA ? 0 : block.first * sizeA;
    bOffset += o.sharedB ? 0 : block.first * sizeB;
    long yOffset = block.first * sizeY + (long) block.row * o.n + block.column;
    long[] aDims = dims(o.sharedA ? 1 : batch, rows, o.k);
    long[] bDims = dims(o.sharedB ? 1 : batch, o.k, columns);
    Chain.Operand a = at(chain, aDims, strides(sizeA, aStrides), o.a, aOffset);
    Chain.Operand b = at(chain, bDims, strides(sizeB, bStrides), o.b, bOffset);
    Chain.Operand y = at(chain, dims(batch, rows, columns), strides(sizeY, yStrides), o.y, yOffset);
    Chain.Operand bias =
        o.bias == null
            ? null
            : at(chain, dims(1, 1, columns), strides(columns, columns, 1), o.bias, block.column);
    boolean given = !chain.multipliesInBf16();
    dnnl_primitive_desc desc = new dnnl_primitive_desc();
    chain.own(
        dnnl_matmul_primitive_desc_create(
            desc,
            dnnl.engine(),
            given ? a.desc() : chain.inBf16(aDims, packed(aDims, o.transposeA)),
            given ? b.desc() : chain.inBf16(bDims, packed(bDims, o.transposeB)),
            bias == null ? null : bias.desc(),
            y.desc(),
            chain.attributes()),
        desc);
    implementation = Chain.implementation(desc);
    if (implementation.contains("ref")) {
      LOG.warn("{}: oneDNN has only its plain loops for this shape, which are slow", o.label);
    }
    Map<Integer, Chain.Operand> roles = new LinkedHashMap<>();
    roles.put(DNNL_ARG_SRC, chain.input(a, desc, dnnl_query_src_md));
    roles.put(DNNL_ARG_WEIGHTS, chain.input(b, desc, dnnl_query_weights_md));
    roles.put(DNNL_ARG_DST, y);
    if (bias != null) {
      roles.put(DNNL_ARG_BIAS, bias);
    }
    chain.add(desc, roles);
  }

  /**
   * Strides without gaps in the order of the f32 matrix: such a conversion is a copy, and the
   * product packs blocks faster than a conversion to the layout that it would choose.
   */
  private static long[] packed(long[] dims, boolean transposed) {
    int last = dims.length - 1;
    long[] strides = new long[dims.length];
    strides[last] = transposed ? dims[last - 1] : 1;
    strides[last - 1] = transposed ? 1 : dims[last];
    if (last > 1) {
      strides[0] = dims[last - 1] * dims[last];
    }
    return strides;
  }

  private static Chain.Operand at(
      Chain chain, long[] dims, long[] strides, Buffer buffer, long offset) {
    return new Chain.Operand(chain.strided(dims, strides), buffer, 4 * offset);
  }

  /** Extents with the number of matrices in front if the step is a batch. */
  private long[] dims(long count, long rows, long columns) {
    return operands.batch > 1 ? new long[] {count, rows, columns} : new long[] {rows, columns};
  }

  /** Strides with the distance of matrices in front if the step is a batch. */
  private long[] strides(long distance, long... strides) {
    return operands.batch > 1 ? new long[] {distance, strides[0], strides[1]} : strides;
  }

  @Override
  long flops() {
    return 2L * operands.batch * operands.m * operands.n * operands.k;
  }
}
