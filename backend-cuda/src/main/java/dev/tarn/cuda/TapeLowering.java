package dev.tarn.cuda;

import dev.tarn.backend.Schedule;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Value;
import java.util.List;

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

  /** The kernel of a tape. */
  List<Step> lower(Fused op) {
    List<Value> inputs = node.inputs();
    CudaLowering.count(node, op.shape());
    if (op.shape().size() == 0) {
      return List.of();
    }
    TapeSource source =
        TapeCompiler.compile(op, inputs.stream().map(Value::spec).toList(), images.isLast());
    kernels.request(source);
    KernelStep step = new KernelStep(op.name(), () -> kernels.tape(source.name()));
    for (TapeSource.Argument argument : source.arguments()) {
      add(step, argument, inputs, node.outputs(), images);
    }
    long threads = CudaLowering.ceil(source.elements(), source.width());
    int block = threads < LARGE_TAPE ? SMALL_BLOCK : TapeSource.MAX_BLOCK;
    long applied = op.tape().stream().filter(i -> i instanceof Fused.Apply).count();
    return List.of(
        step.grid(CudaLowering.ceil(threads, block), 1)
            .block(block, 1)
            .build(applied * source.elements()));
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
