package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.Shape;
import dev.tarn.TarnException;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.cuda.driver.Copy;
import dev.tarn.cuda.driver.Fill;
import dev.tarn.ir.ArgMax;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Broadcast;
import dev.tarn.ir.Cast;
import dev.tarn.ir.Concat;
import dev.tarn.ir.Constant;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import dev.tarn.ir.DropoutMask;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.FirstNonFinite;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Gather;
import dev.tarn.ir.GatherGrad;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.Node;
import dev.tarn.ir.NormalizeRows;
import dev.tarn.ir.NormalizeRowsGrad;
import dev.tarn.ir.Op;
import dev.tarn.ir.Pad;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Reshape;
import dev.tarn.ir.Slice;
import dev.tarn.ir.Softmax;
import dev.tarn.ir.SoftmaxCrossEntropy;
import dev.tarn.ir.SoftmaxCrossEntropyGrad;
import dev.tarn.ir.SoftmaxGrad;
import dev.tarn.ir.StopGradient;
import dev.tarn.ir.Transpose;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Turns the nodes of programs into steps of a schedule. */
final class CudaLowering implements Op.Visitor<List<Step>> {
  /** Rows up to this length are given to a warp, longer ones to a block. */
  static final int WARP_ROW = 1024;

  static final int BLOCK = 256;
  static final int WARPS = BLOCK / 32;

  /** Tapes of fewer groups of four run in smaller blocks, to use more multiprocessors. */
  private static final int LARGE_TAPE = 1 << 16;

  private static final int SMALL_BLOCK = 64;

  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final CudaStateStore store;
  private final Map<Value, HostTensor> constants = new HashMap<>();
  private Node node;

  private CudaLowering(
      Schedule<Step> schedule, Kernels kernels, CudaStateStore store, Program program) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.store = store;
    this.node = program.body().get(0);
  }

  /** Adds the steps of a program to a schedule that it was begun in. */
  static void lower(
      Schedule<Step> schedule, Kernels kernels, CudaStateStore store, Program program) {
    if (!program.body().isEmpty()) {
      new CudaLowering(schedule, kernels, store, program).lower(program);
    }
    for (Schedule.Copy copy : schedule.copies(program)) {
      Step step = copy("update of " + copy.to().label(), copy.from(), copy.to());
      schedule.add(step, null, step.reads(), step.writes());
    }
  }

  private void lower(Program program) {
    for (Node next : program.body()) {
      node = next;
      for (Step step : next.op().accept(this)) {
        schedule.add(step, next, step.reads(), step.writes());
      }
    }
  }

  @Override
  public List<Step> visit(Fused op) {
    return tape(op, node.inputs(), false);
  }

  /** What is left of plain elementwise nodes after fusion: comparisons of integers. */
  @Override
  public List<Step> visit(Elementwise op) {
    List<Value> operands = new ArrayList<>();
    List<Fused.Instruction> tape = new ArrayList<>();
    List<Integer> registers = new ArrayList<>();
    for (Value input : node.inputs()) {
      HostTensor constant = constants.get(input);
      registers.add(tape.size());
      if (constant != null && constant.size() == 1) {
        tape.add(new Fused.Immediate(constant.get(0)));
      } else {
        tape.add(new Fused.Load(operands.size()));
        operands.add(input);
      }
    }
    tape.add(new Fused.Apply(op.kind(), registers));
    return tape(new Fused(shape(node.output()), tape, List.of(tape.size() - 1)), operands, true);
  }

  private List<Step> tape(Fused op, List<Value> inputs, boolean integers) {
    count(op.shape());
    if (op.shape().size() == 0) {
      return List.of();
    }
    TapeSource source =
        TapeCompiler.compile(op, inputs.stream().map(Value::spec).toList(), integers);
    kernels.request(source);
    KernelStep step = new KernelStep(op.name(), () -> kernels.tape(source.name()));
    for (TapeSource.Argument argument : source.arguments()) {
      if (argument instanceof TapeSource.Input input) {
        step.reads(schedule.buffer(inputs.get(input.index())));
      } else if (argument instanceof TapeSource.Output output) {
        step.writes(schedule.buffer(node.outputs().get(output.index())));
      } else if (argument instanceof TapeSource.Whole whole) {
        step.bits(whole.value());
      } else if (argument instanceof TapeSource.Real real) {
        step.real(real.value());
      }
    }
    long threads = ceil(source.elements(), TapeSource.ELEMENTS_PER_THREAD);
    int block = threads < LARGE_TAPE ? SMALL_BLOCK : TapeSource.MAX_BLOCK;
    long applied = op.tape().stream().filter(i -> i instanceof Fused.Apply).count();
    return List.of(
        step.grid(ceil(threads, block), 1).block(block, 1).build(applied * source.elements()));
  }

  @Override
  public List<Step> visit(Broadcast op) {
    throw new IllegalStateException("broadcasts are part of tapes");
  }

  @Override
  public List<Step> visit(DropoutMask op) {
    throw new IllegalStateException("dropout masks are part of tapes");
  }

  /** Needs no step: constants are written when the plan is bound. */
  @Override
  public List<Step> visit(Constant op) {
    constants.put(node.output(), op.data());
    return List.of();
  }

  @Override
  public List<Step> visit(MatMul op) {
    return MatMulLowering.lower(op, node, schedule, kernels.hasTensorCores());
  }

  @Override
  public List<Step> visit(Reduce op) {
    Buffer x = schedule.buffer(node.inputs().get(0));
    Buffer y = schedule.buffer(node.output());
    if (y.bytes() == 0) {
      return List.of();
    }
    return x.bytes() == 0
        ? List.of(zeros(op.name(), y))
        : new ReduceLowering(schedule, kernels, op.kind())
            .lower(x, y, shape(node.inputs().get(0)), op.axes());
  }

  @Override
  public List<Step> visit(ArgMax op) {
    Shape shape = shape(node.inputs().get(0));
    int rows = shape.dim(0);
    int columns = shape.dim(1);
    if (rows == 0) {
      return List.of();
    }
    return List.of(
        rowKernel("argmax.cu", "argmax", rows, columns)
            .reads(schedule.buffer(node.inputs().get(0)))
            .writes(schedule.buffer(node.output()))
            .whole(rows)
            .whole(columns)
            .build(shape.size()));
  }

  @Override
  public List<Step> visit(Reshape op) {
    return List.of();
  }

  @Override
  public List<Step> visit(SoftmaxCrossEntropy op) {
    Shape shape = shape(node.inputs().get(0));
    int rows = shape.dim(0);
    int columns = shape.dim(1);
    if (rows == 0) {
      return List.of();
    }
    return List.of(
        rowKernel("softmax_cross_entropy.cu", op.name(), rows, columns)
            .reads(schedule.buffer(node.inputs().get(0)))
            .reads(schedule.buffer(node.inputs().get(1)))
            .writes(schedule.buffer(node.outputs().get(0)))
            .writes(schedule.buffer(node.outputs().get(1)))
            .whole(rows)
            .whole(columns)
            .build(4 * shape.size()));
  }

  @Override
  public List<Step> visit(SoftmaxCrossEntropyGrad op) {
    Shape shape = shape(node.output());
    int elements = count(shape);
    if (elements == 0) {
      return List.of();
    }
    KernelStep step = kernel("softmax_cross_entropy.cu", op.name());
    node.inputs().forEach(input -> step.reads(schedule.buffer(input)));
    return List.of(
        step.writes(schedule.buffer(node.output()))
            .whole(elements)
            .whole(shape.dim(1))
            .grid(ceil(elements, BLOCK), 1)
            .block(BLOCK, 1)
            .build(4L * elements));
  }

  @Override
  public List<Step> visit(FirstNonFinite op) {
    List<Buffer> in = schedule.buffers(node.inputs());
    Buffer flag = in.get(0);
    Buffer raised = schedule.buffer(node.output());
    List<Step> steps = new ArrayList<>();
    if (flag != raised) {
      steps.add(copy(op.name() + " flag", flag, raised));
    }
    List<Buffer> tensors = in.subList(2, in.size()).stream().filter(b -> b.bytes() > 0).toList();
    if (tensors.isEmpty()) {
      return steps;
    }
    NonFiniteRanges ranges = NonFiniteRanges.of(tensors, store);
    KernelStep step =
        kernel("first_non_finite.cu", op.name())
            .writes(raised)
            .reads(in.get(1))
            .pointer(binding -> binding.upload(ranges.table(binding)))
            .whole(ranges.count())
            .grid(ranges.blocks(), 1)
            .block(BLOCK, 1);
    tensors.forEach(step::touches);
    steps.add(step.build(0));
    return steps;
  }

  @Override
  public List<Step> visit(Conv2d op) {
    return new ConvolutionLowering(schedule, kernels, node, op.window(), op.arithmetic()).forward();
  }

  @Override
  public List<Step> visit(Conv2dGradInput op) {
    return new ConvolutionLowering(schedule, kernels, node, op.window(), op.arithmetic())
        .gradInput();
  }

  @Override
  public List<Step> visit(Conv2dGradWeight op) {
    return new ConvolutionLowering(schedule, kernels, node, op.window(), op.arithmetic())
        .gradWeight();
  }

  @Override
  public List<Step> visit(Pool2d op) {
    Shape input = shape(node.inputs().get(0));
    count(input);
    return new PoolingLowering(schedule, kernels, op, node.output().spec().dtype(), input)
        .forward(schedule.buffer(node.inputs().get(0)), schedule.buffer(node.output()));
  }

  @Override
  public List<Step> visit(Pool2dGrad op) {
    Shape input = shape(node.output());
    count(input);
    return new PoolingLowering(schedule, kernels, op.pool(), node.output().spec().dtype(), input)
        .gradient(schedule.buffers(node.inputs()), schedule.buffer(node.output()));
  }

  @Override
  public List<Step> visit(BatchNorm op) {
    return normalization(op.epsilon()).batchNorm(shape(node.inputs().get(0)));
  }

  @Override
  public List<Step> visit(BatchNormGrad op) {
    return normalization(op.epsilon()).batchNormGrad(shape(node.inputs().get(0)));
  }

  @Override
  public List<Step> visit(NormalizeRows op) {
    return normalization(op.epsilon()).rows(shape(node.inputs().get(0)));
  }

  @Override
  public List<Step> visit(NormalizeRowsGrad op) {
    return normalization(op.epsilon()).rowsGrad(shape(node.inputs().get(0)));
  }

  private NormalizationLowering normalization(double epsilon) {
    count(shape(node.inputs().get(0)));
    return new NormalizationLowering(schedule, kernels, epsilon, node);
  }

  @Override
  public List<Step> visit(Transpose op) {
    return isEmpty() ? List.of() : movement().transpose(op);
  }

  @Override
  public List<Step> visit(Slice op) {
    return isEmpty() ? List.of() : movement().slice(op);
  }

  @Override
  public List<Step> visit(Concat op) {
    return isEmpty() ? List.of() : movement().concat(op);
  }

  @Override
  public List<Step> visit(Pad op) {
    return isEmpty() ? List.of() : movement().pad(op);
  }

  @Override
  public List<Step> visit(Gather op) {
    return isEmpty() ? List.of() : movement().gather();
  }

  @Override
  public List<Step> visit(GatherGrad op) {
    return isEmpty() ? List.of() : movement().gatherGrad(op);
  }

  @Override
  public List<Step> visit(Softmax op) {
    return softmax(op.name());
  }

  @Override
  public List<Step> visit(SoftmaxGrad op) {
    return softmax(op.name());
  }

  @Override
  public List<Step> visit(StopGradient op) {
    throw new IllegalStateException("a stop_gradient was not removed");
  }

  @Override
  public List<Step> visit(Cast op) {
    int elements = count(shape(node.output()));
    if (elements == 0) {
      return List.of();
    }
    DType from = node.inputs().get(0).spec().dtype();
    Buffer x = schedule.buffer(node.inputs().get(0));
    return List.of(cast(kernels, from, op.to(), x, schedule.buffer(node.output()), elements));
  }

  /** A step that casts elements. */
  static Step cast(Kernels kernels, DType from, DType to, Buffer x, Buffer y, long elements) {
    return kernel(kernels, "cast.cu", from + "_to_" + to)
        .reads(x)
        .writes(y)
        .whole(elements)
        .grid(ceil(elements, BLOCK), 1)
        .block(BLOCK, 1)
        .build(elements);
  }

  /** Whether the result has no elements; if it has, they can be counted. */
  private boolean isEmpty() {
    node.inputs().forEach(input -> count(shape(input)));
    return count(shape(node.output())) == 0;
  }

  private MovementLowering movement() {
    return new MovementLowering(schedule, kernels, node);
  }

  private List<Step> softmax(String name) {
    Shape shape = shape(node.output());
    if (isEmpty()) {
      return List.of();
    }
    int columns = shape.dim(-1);
    int rows = (int) (shape.size() / columns);
    KernelStep step = rowKernel("softmax.cu", name, rows, columns);
    node.inputs().forEach(input -> step.reads(schedule.buffer(input)));
    step.writes(schedule.buffer(node.output())).whole(rows).whole(columns);
    return List.of(step.build(4 * shape.size()));
  }

  private KernelStep kernel(String file, String name) {
    return kernel(kernels, file, name);
  }

  /** A step that launches a kernel of a source; the source is compiled when it is bound. */
  static KernelStep kernel(Kernels kernels, String file, String name) {
    return new KernelStep(name, () -> kernels.get(file, name));
  }

  /** The same with definitions for the compiler. */
  static KernelStep kernel(Kernels kernels, String file, String name, List<String> definitions) {
    List<String> all = List.copyOf(definitions);
    return new KernelStep(name, () -> kernels.get(file, name, all));
  }

  /** A kernel that gives a row to a warp, or to a block if it is long. */
  private KernelStep rowKernel(String file, String name, int rows, int columns) {
    boolean warp = columns <= WARP_ROW;
    return kernel(file, name + (warp ? "_warp" : "_block"))
        .grid(warp ? ceil(rows, WARPS) : rows, 1)
        .block(BLOCK, 1);
  }

  /** A step that copies a buffer. */
  static Step copy(String name, Buffer from, Buffer to) {
    return new Step(
        name,
        List.of(from),
        List.of(to),
        0,
        binding -> Copy.onDevice(binding.address(to), binding.address(from), to.bytes()));
  }

  /** A step that fills a buffer with zeros. */
  static Step zeros(String name, Buffer to) {
    return new Step(
        name,
        List.of(),
        List.of(to),
        0,
        binding -> Fill.bytes(binding.address(to), (byte) 0, to.bytes()));
  }

  /** The number of elements of a kernel that counts them with 31 bits. */
  private int count(Shape shape) {
    if (shape.size() > Integer.MAX_VALUE - 1024) {
      throw new TarnException(
          node.op().name()
              + ": "
              + shape
              + " has more elements than a CUDA kernel of Tarn counts, 2^31"
              + node.origin().suffix());
    }
    return (int) shape.size();
  }

  private static Shape shape(Value value) {
    return value.spec().shape();
  }

  static long ceil(long count, long by) {
    return (count + by - 1) / by;
  }
}
