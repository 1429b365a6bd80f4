package dev.tarn.cuda;

import dev.tarn.HostTensor;
import dev.tarn.backend.Schedule;
import dev.tarn.cuda.driver.Kernel;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Chains of elementwise functions, each a generated kernel. */
final class TapeLowering {
  /** Tapes of fewer threads run in smaller blocks, to use more multiprocessors. */
  private static final int LARGE_TAPE = 1 << 16;

  private static final int SMALL_BLOCK = 64;

  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final Images images;
  private final Node node;

  TapeLowering(Schedule<Step> schedule, Kernels kernels, Images images, Node node) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.images = images;
    this.node = node;
  }

  /** A plain elementwise node as a tape; single numbers that are constant become immediates. */
  List<Step> lower(Elementwise op, Map<Value, HostTensor> constants) {
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
    return lower(
        new Fused(node.output().spec().shape(), tape, List.of(tape.size() - 1)), operands, true);
  }

  /** The kernel of a tape. */
  List<Step> lower(Fused op, List<Value> inputs, boolean integers) {
    CudaLowering.count(node, op.shape());
    if (op.shape().size() == 0) {
      return List.of();
    }
    TapeSource source =
        TapeCompiler.compile(
            op, inputs.stream().map(Value::spec).toList(), integers, images.isLast());
    kernels.request(source.name(), source.text());
    int block = threads(source) < LARGE_TAPE ? SMALL_BLOCK : TapeSource.MAX_BLOCK;
    KernelStep step = new KernelStep(op.name(), () -> kernels.tape(source.name()));
    return List.of(launch(step, source, node, inputs, block).build(flops(op)));
  }

  /** The kernel of nodes with the same tape, as {@link TapeBatches} found them. */
  List<Step> lower(List<Node> batch) {
    if (batch.size() < 2) {
      return batch.isEmpty() ? List.of() : lower((Fused) node.op(), node.inputs(), false);
    }
    List<TapeSource> sources = batch.stream().map(TapeBatches::source).toList();
    TapeSource first = sources.get(0);
    kernels.request(first.batchName(), first.batch());
    Supplier<Kernel> kernel = () -> kernels.tape(first.batchName());
    long threads = sources.stream().mapToLong(TapeLowering::threads).sum();
    int block = threads < LARGE_TAPE ? SMALL_BLOCK : TapeSource.MAX_BLOCK;
    List<KernelStep> members = new ArrayList<>();
    long flops = 0;
    for (int i = 0; i < batch.size(); i++) {
      Node each = batch.get(i);
      KernelStep member = new KernelStep(each.op().name(), kernel);
      members.add(launch(member, sources.get(i), each, each.inputs(), block));
      flops += flops((Fused) each.op());
    }
    String name = batch.get(0).op().name();
    return List.of(BatchStep.of(name, kernel, block, members, flops));
  }

  private static long threads(TapeSource source) {
    return CudaLowering.ceil(source.elements(), source.width());
  }

  private static long flops(Fused op) {
    return op.shape().size() * op.tape().stream().filter(i -> i instanceof Fused.Apply).count();
  }

  private KernelStep launch(
      KernelStep step, TapeSource source, Node of, List<Value> inputs, int block) {
    for (TapeSource.Argument argument : source.arguments()) {
      add(step, argument, inputs, of.outputs(), images);
    }
    return step.grid(CudaLowering.ceil(threads(source), block), 1).block(block, 1);
  }

  /** Adds an argument of a generated kernel. */
  static void add(
      KernelStep step,
      TapeSource.Argument argument,
      List<Value> inputs,
      List<Value> outputs,
      Images images) {
    if (argument instanceof TapeSource.Input input) {
      step.reads(images.operand(inputs.get(input.index())));
    } else if (argument instanceof TapeSource.Output output) {
      step.writes(images.result(outputs.get(output.index())));
    } else if (argument instanceof TapeSource.Whole whole) {
      step.bits(whole.value());
    } else if (argument instanceof TapeSource.Real real) {
      step.real(real.value());
    }
  }
}
