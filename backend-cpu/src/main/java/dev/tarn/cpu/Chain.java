package dev.tarn.cpu;

import static dev.tarn.cpu.Dnnl.check;
import static org.bytedeco.dnnl.global.dnnl.*;

import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * oneDNN primitives that run one after another on one thread: one that does the work, and reorders
 * between the plain format and the one it prefers. What they pass on lies in scratch memory.
 */
final class Chain implements AutoCloseable {
  /** A tensor in some format at some place. */
  record Operand(dnnl_memory_desc desc, Buffer buffer, long offset) {}

  /** A primitive with its operands by their roles. */
  private record Call(dnnl_primitive primitive, Map<Integer, Operand> operands) {}

  /** A primitive whose operands have addresses. */
  private record Bound(dnnl_primitive primitive, int count, dnnl_exec_arg_t arguments) {}

  private final Dnnl dnnl;
  private final String label;
  private final Schedule<?> schedule;
  private final dnnl_stream stream;
  private final dnnl_primitive_attr attributes = new dnnl_primitive_attr();
  private final boolean inBf16;
  private final Deque<Runnable> releases = new ArrayDeque<>();
  private final List<Buffer> scratch = new ArrayList<>();
  private final List<Call> calls = new ArrayList<>();
  private final List<Bound> bound = new ArrayList<>();

  /**
   * An empty chain.
   *
   * @param part the part of a step that it is run by; parts must differ
   */
  Chain(Dnnl dnnl, String label, Arithmetic arithmetic, int part, Schedule<?> schedule) {
    this.dnnl = dnnl;
    this.label = label;
    this.schedule = schedule;
    this.stream = dnnl.stream(part);
    // oneDNN divides some work among the threads that there are when a primitive is made.
    dnnl.limitThisThread();
    check(dnnl_primitive_attr_create(attributes), label);
    releases.push(() -> dnnl_primitive_attr_destroy(attributes));
    check(dnnl_primitive_attr_set_deterministic(attributes, 1), label);
    check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), label);
    this.inBf16 = arithmetic == Arithmetic.BF16_MATH && Dnnl.multipliesBf16();
  }

  /** The attributes that all primitives are made with: deterministic, scratch memory given. */
  dnnl_primitive_attr attributes() {
    return attributes;
  }

  /** The description of a row-major tensor. */
  dnnl_memory_desc plain(long... dims) {
    long[] strides = new long[dims.length];
    long stride = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= dims[i];
    }
    return strided(dims, strides);
  }

  /** The description of a tensor whose elements lie where the strides say. */
  dnnl_memory_desc strided(long[] dims, long[] strides) {
    return strided(dnnl_f32, dims, strides);
  }

  /** The same for a tensor that is converted to bf16. */
  dnnl_memory_desc inBf16(long[] dims, long[] strides) {
    return strided(dnnl_bf16, dims, strides);
  }

  private dnnl_memory_desc strided(int type, long[] dims, long[] strides) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    check(dnnl_memory_desc_create_with_strides(desc, dims.length, dims, type, strides), label);
    releases.push(() -> dnnl_memory_desc_destroy(desc));
    return desc;
  }

  /**
   * The description of an image {@code [N, C, H, W]}.
   *
   * @param channelsLast whether its channels come last in memory; otherwise it is row-major
   */
  dnnl_memory_desc image(Shape shape, boolean channelsLast) {
    return channelsLast ? strided(dims(shape), channelsLastStrides(shape)) : plain(dims(shape));
  }

  /** The same for a factor that has its channels last, or whose format the primitive may choose. */
  dnnl_memory_desc factor(Shape shape, boolean channelsLast) {
    return channelsLast
        ? strided(inBf16 ? dnnl_bf16 : dnnl_f32, dims(shape), channelsLastStrides(shape))
        : factor(dims(shape));
  }

  /** The same for a result, which is f32. */
  dnnl_memory_desc result(Shape shape, boolean channelsLast) {
    return channelsLast ? image(shape, true) : any(dims(shape));
  }

  private static long[] dims(Shape shape) {
    long[] dims = new long[shape.rank()];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = shape.dim(i);
    }
    return dims;
  }

  private static long[] channelsLastStrides(Shape shape) {
    long c = shape.dim(1);
    long row = c * shape.dim(3);
    return new long[] {row * shape.dim(2), 1, row, c};
  }

  /** Whether factors are converted to bf16: where the processor multiplies it faster than f32. */
  boolean multipliesInBf16() {
    return inBf16;
  }

  /** The description of a result whose format the primitive may choose. */
  dnnl_memory_desc any(long... dims) {
    return any(dnnl_f32, dims);
  }

  /** The same for what the primitive multiplies, which may be converted to bf16. */
  dnnl_memory_desc factor(long... dims) {
    return any(inBf16 ? dnnl_bf16 : dnnl_f32, dims);
  }

  private dnnl_memory_desc any(int type, long... dims) {
    dnnl_memory_desc desc = new dnnl_memory_desc();
    check(
        dnnl_memory_desc_create_with_tag(desc, dims.length, dims, type, dnnl_format_tag_any),
        label);
    releases.push(() -> dnnl_memory_desc_destroy(desc));
    return desc;
  }

  /** Goes on to the implementation that oneDNN would choose next. */
  void next(dnnl_primitive_desc desc) {
    check(dnnl_primitive_desc_next_impl(desc), label);
  }

  /** Takes over a description of a primitive that a call has made. */
  dnnl_primitive_desc own(int status, dnnl_primitive_desc desc) {
    check(status, label);
    releases.push(() -> dnnl_primitive_desc_destroy(desc));
    return desc;
  }

  /** An operand of a primitive in the format it wants, reordered from the plain one if need be. */
  Operand input(Operand plain, dnnl_primitive_desc desc, int query) {
    Operand wanted = wanted(plain, desc, query);
    if (wanted != plain) {
      reorder(plain, wanted);
    }
    return wanted;
  }

  /** A place for a primitive's result: the plain one, or scratch that {@link #output} reorders. */
  Operand wanted(Operand plain, dnnl_primitive_desc desc, int query) {
    dnnl_memory_desc format = dnnl_primitive_desc_query_md(desc, query, 0);
    return dnnl_memory_desc_equal(format, plain.desc) != 0 ? plain : scratch(format);
  }

  /** Reorders a primitive's result to the plain format if it is in another. */
  void output(Operand result, Operand plain) {
    if (result != plain) {
      reorder(result, plain);
    }
  }

  /** Appends a copy from one format to another. */
  void reorder(Operand from, Operand to) {
    dnnl_primitive_desc desc = new dnnl_primitive_desc();
    own(
        dnnl_reorder_primitive_desc_create(
            desc, from.desc, dnnl.engine(), to.desc, dnnl.engine(), attributes),
        desc);
    add(desc, Map.of(DNNL_ARG_FROM, from, DNNL_ARG_TO, to));
  }

  /** Scratch memory of the schedule for a tensor. */
  Operand scratch(dnnl_memory_desc desc) {
    long bytes = Math.max(1, dnnl_memory_desc_get_size(desc));
    Buffer buffer = schedule.scratch(label + " scratch", bytes);
    scratch.add(buffer);
    return new Operand(desc, buffer, 0);
  }

  /** Appends a primitive. */
  void add(dnnl_primitive_desc desc, Map<Integer, Operand> operands) {
    dnnl_primitive primitive = new dnnl_primitive();
    check(dnnl_primitive_create(primitive, desc), label);
    releases.push(() -> dnnl_primitive_destroy(primitive));
    Map<Integer, Operand> all = new java.util.LinkedHashMap<>(operands);
    all.put(
        DNNL_ARG_SCRATCHPAD,
        scratch(dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0)));
    calls.add(new Call(primitive, all));
  }

  /** Memory that must be free while the chain runs. */
  List<Buffer> scratch() {
    return scratch;
  }

  /** Gives the operands their addresses. */
  void bind(Step.Addresses addresses) {
    for (Call call : calls) {
      Memory table = new Memory(16L * call.operands.size(), label);
      releases.push(table::close);
      dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(new Memory.Address(table.address()));
      int i = 0;
      for (Map.Entry<Integer, Operand> entry : call.operands.entrySet()) {
        Operand operand = entry.getValue();
        long address = addresses.address(operand.buffer) + operand.offset;
        dnnl_memory memory = new dnnl_memory();
        check(
            dnnl_memory_create(memory, operand.desc, dnnl.engine(), new Memory.Address(address)),
            label);
        releases.push(() -> dnnl_memory_destroy(memory));
        arguments.position(i++);
        arguments.arg(entry.getKey());
        arguments.memory(memory);
      }
      arguments.position(0);
      bound.add(new Bound(call.primitive, i, arguments));
    }
  }

  /** Runs the primitives. */
  void run() {
    for (Bound call : bound) {
      check(dnnl_primitive_execute(call.primitive, stream, call.count, call.arguments), label);
    }
  }

  /** The name of the implementation that oneDNN has chosen for a primitive. */
  static String implementation(dnnl_primitive_desc desc) {
    try (Memory memory = new Memory(8, "oneDNN query");
        PointerPointer<BytePointer> result =
            new PointerPointer<>(new Memory.Address(memory.address()))) {
      dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, result);
      BytePointer text = result.get(BytePointer.class, 0);
      return text == null ? "unknown" : text.getString();
    }
  }

  @Override
  public void close() {
    while (!releases.isEmpty()) {
      releases.pop().run();
    }
  }
}
