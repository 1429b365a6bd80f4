package dev.tarn.cpu;

import static dev.tarn.cpu.Dnnl.check;
import static org.bytedeco.dnnl.global.dnnl.*;

import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code Y = op(A) op(B) + bias} by oneDNN: {@code [M,K] x [K,N] -> [M,N]}, bias {@code [N]}.
 *
 * <p>The longer of M and N is divided among the threads; each part is a primitive of its own on a
 * block of rows or columns. A batch of products {@code [B,M,N]} is divided by B if there are
 * enough.
 */
final class MatMulStep extends Step {
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

  /** A block of the result with its primitive. */
  private static final class Block {
    final int first;
    final int row;
    final int column;
    final dnnl_memory_desc aDesc;
    final dnnl_memory_desc bDesc;
    final @Nullable dnnl_memory_desc biasDesc;
    final dnnl_memory_desc yDesc;
    final dnnl_memory_desc scratchDesc;
    final dnnl_primitive primitive = new dnnl_primitive();
    final Buffer scratch;
    final dnnl_stream stream;
    dnnl_exec_arg_t arguments = new dnnl_exec_arg_t((Pointer) null);
    int argumentCount;

    Block(
        int first,
        int row,
        int column,
        dnnl_memory_desc aDesc,
        dnnl_memory_desc bDesc,
        @Nullable dnnl_memory_desc biasDesc,
        dnnl_memory_desc yDesc,
        dnnl_memory_desc scratchDesc,
        Buffer scratch,
        dnnl_stream stream) {
      this.first = first;
      this.row = row;
      this.column = column;
      this.aDesc = aDesc;
      this.bDesc = bDesc;
      this.biasDesc = biasDesc;
      this.yDesc = yDesc;
      this.scratchDesc = scratchDesc;
      this.scratch = scratch;
      this.stream = stream;
    }
  }

  private final Dnnl dnnl;
  private final Operands operands;
  private final List<Block> blocks = new ArrayList<>();
  private final Deque<Runnable> releases = new ArrayDeque<>();
  private String implementation = "";

  /** Prepares the primitives; their scratch memory is added to the schedule. */
  MatMulStep(Dnnl dnnl, Operands operands, int threads, Schedule<?> schedule) {
    this.dnnl = dnnl;
    this.operands = operands;
    try {
      int m = operands.m;
      int n = operands.n;
      boolean byColumns = n >= m;
      int extent = byColumns ? n : m;
      int parts = parts(threads, flops(), LEAST_FLOPS);
      if (operands.batch > 1 && operands.batch >= parts) {
        for (int part = 0; part < parts; part++) {
          int first = (int) begin(operands.batch, part, parts);
          int end = (int) begin(operands.batch, part + 1, parts);
          prepare(first, end - first, 0, 0, m, n, schedule);
        }
        return;
      }
      int units = (extent + UNIT - 1) / UNIT;
      int size = (units + parts - 1) / parts * UNIT;
      for (int first = 0; first < extent; first += size) {
        int count = Math.min(size, extent - first);
        prepare(
            0,
            operands.batch,
            byColumns ? 0 : first,
            byColumns ? first : 0,
            byColumns ? m : count,
            byColumns ? count : n,
            schedule);
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void prepare(
      int first, int batch, int row, int column, int rows, int columns, Schedule<?> schedule) {
    Operands o = operands;
    long product = (long) o.m * o.n;
    long[] aStrides = o.transposeA ? new long[] {1, o.m} : new long[] {o.k, 1};
    long[] bStrides = o.transposeB ? new long[] {1, o.k} : new long[] {o.n, 1};
    dnnl_memory_desc a = describe(o.sharedA ? 1 : batch, (long) o.m * o.k, rows, o.k, aStrides);
    dnnl_memory_desc b = describe(o.sharedB ? 1 : batch, (long) o.k * o.n, o.k, columns, bStrides);
    dnnl_memory_desc y = describe(batch, product, rows, columns, new long[] {o.n, 1});
    dnnl_memory_desc bias =
        o.bias == null ? null : describe(1, columns, 1, columns, new long[] {columns, 1});
    dnnl_primitive_attr attributes = new dnnl_primitive_attr();
    check(dnnl_primitive_attr_create(attributes), o.label);
    releases.push(() -> dnnl_primitive_attr_destroy(attributes));
    check(dnnl_primitive_attr_set_deterministic(attributes, 1), o.label);
    check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), o.label);
    dnnl.setMath(attributes, o.arithmetic, o.label);
    dnnl_primitive_desc desc = new dnnl_primitive_desc();
    check(
        dnnl_matmul_primitive_desc_create(desc, dnnl.engine(), a, b, bias, y, attributes), o.label);
    releases.push(() -> dnnl_primitive_desc_destroy(desc));
    implementation = implementation(desc);
    if (implementation.contains("ref")) {
      LOG.warn("{}: oneDNN has only its plain loops for this shape, which are slow", o.label);
    }
    dnnl_memory_desc scratchDesc = dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0);
    Buffer scratch =
        schedule.scratch(o.label + " scratch", Math.max(1, dnnl_memory_desc_get_size(scratchDesc)));
    Block block =
        new Block(
            first, row, column, a, b, bias, y, scratchDesc, scratch, dnnl.stream(blocks.size()));
    check(dnnl_primitive_create(block.primitive, desc), o.label);
    releases.push(() -> dnnl_primitive_destroy(block.primitive));
    blocks.add(block);
  }

  /** A matrix, or several if the step is a batch: their number and distance, extents, strides. */
  private dnnl_memory_desc describe(
      long count, long distance, long rows, long columns, long[] strides) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    boolean batched = operands.batch > 1;
    long[] extents = batched ? new long[] {count, rows, columns} : new long[] {rows, columns};
    long[] all = batched ? new long[] {distance, strides[0], strides[1]} : strides;
    check(
        dnnl_memory_desc_create_with_strides(desc, extents.length, extents, dnnl_f32, all),
        operands.label);
    releases.push(() -> dnnl_memory_desc_destroy(desc));
    return desc;
  }

  private static String implementation(dnnl_primitive_desc desc) {
    try (Memory memory = new Memory(8, "oneDNN query");
        PointerPointer<BytePointer> result =
            new PointerPointer<>(new Memory.Address(memory.address()))) {
      dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, result);
      BytePointer text = result.get(BytePointer.class, 0);
      return text == null ? "unknown" : text.getString();
    }
  }

  /** Memory that the blocks need while the step runs. */
  List<Buffer> scratch() {
    return blocks.stream().map(block -> block.scratch).toList();
  }

  @Override
  int parts() {
    return blocks.size();
  }

  @Override
  void bind(Addresses addresses) {
    Operands o = operands;
    long a = addresses.address(o.a);
    long b = addresses.address(o.b);
    long y = addresses.address(o.y);
    for (Block block : blocks) {
      List<Integer> roles = new ArrayList<>();
      List<dnnl_memory> memories = new ArrayList<>();
      long aOffset = o.transposeA ? block.row : (long) block.row * o.k;
      long bOffset = o.transposeB ? (long) block.column * o.k : block.column;
      long yOffset = ((long) block.first * o.m + block.row) * o.n + block.column;
      aOffset += o.sharedA ? 0 : (long) block.first * o.m * o.k;
      bOffset += o.sharedB ? 0 : (long) block.first * o.k * o.n;
      add(roles, memories, DNNL_ARG_SRC, block.aDesc, a + 4 * aOffset);
      add(roles, memories, DNNL_ARG_WEIGHTS, block.bDesc, b + 4 * bOffset);
      add(roles, memories, DNNL_ARG_DST, block.yDesc, y + 4 * yOffset);
      add(
          roles,
          memories,
          DNNL_ARG_SCRATCHPAD,
          block.scratchDesc,
          addresses.address(block.scratch));
      if (o.bias != null && block.biasDesc != null) {
        long bias = addresses.address(o.bias) + 4L * block.column;
        add(roles, memories, DNNL_ARG_BIAS, block.biasDesc, bias);
      }
      Memory table = new Memory(16L * roles.size(), o.label);
      releases.push(table::close);
      block.arguments = new dnnl_exec_arg_t(new Memory.Address(table.address()));
      block.argumentCount = roles.size();
      for (int i = 0; i < roles.size(); i++) {
        block.arguments.position(i);
        block.arguments.arg(roles.get(i));
        block.arguments.memory(memories.get(i));
      }
      block.arguments.position(0);
    }
  }

  private void add(
      List<Integer> roles,
      List<dnnl_memory> memories,
      int role,
      dnnl_memory_desc desc,
      long address) {
    dnnl_memory memory = new dnnl_memory();
    check(
        dnnl_memory_create(memory, desc, dnnl.engine(), new Memory.Address(address)),
        operands.label);
    releases.push(() -> dnnl_memory_destroy(memory));
    roles.add(role);
    memories.add(memory);
  }

  @Override
  void run(int part, Workspace workspace) {
    Block block = blocks.get(part);
    check(
        dnnl_primitive_execute(block.primitive, block.stream, block.argumentCount, block.arguments),
        operands.label);
  }

  @Override
  long flops() {
    return 2L * operands.batch * operands.m * operands.n * operands.k;
  }

  @Override
  String how() {
    return implementation;
  }

  @Override
  public void close() {
    while (!releases.isEmpty()) {
      releases.pop().run();
    }
  }
}
