package dev.tarn.cuda;

import dev.tarn.Spec;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Value;
import java.util.ArrayList;
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
    Steps.count(node, op.shape());
    if (op.shape().size() == 0) {
      return List.of();
    }
    TapeSource source =
        TapeCompiler.compile(op, inputs.stream().map(Value::spec).toList(), images.isLast());
    int block = block(threads(source));
    KernelStep step = new KernelStep(op.name(), kernel(source));
    return List.of(launch(step, source, node, inputs, block).build(flops(op)));
  }

  /** The kernel of nodes with the same tape, as {@link TapeBatches} found them. */
  List<Step> lower(List<Node> batch) {
    if (batch.size() < 2) {
      return batch.isEmpty() ? List.of() : lower((Fused) node.op());
    }
    List<TapeSource> sources = batch.stream().map(TapeBatches::source).toList();
    TapeSource first = sources.get(0);
    LazyKernel kernel = kernels.generated(first.batchName(), first.batch());
    long threads = sources.stream().mapToLong(TapeLowering::threads).sum();
    int block = block(threads);
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

  private LazyKernel kernel(TapeSource source) {
    return kernels.generated(source.name(), source.text());
  }

  private static int block(long threads) {
    return threads < LARGE_TAPE ? SMALL_BLOCK : TapeSource.MAX_BLOCK;
  }

  private static long threads(TapeSource source) {
    return Steps.ceil(source.elements(), source.width());
  }

  private static long flops(Fused op) {
    return op.shape().size() * op.tape().stream().filter(i -> i instanceof Fused.Apply).count();
  }

  private KernelStep launch(
      KernelStep step, TapeSource source, Node of, List<Value> inputs, int block) {
    source.arguments().forEach(each -> add(step, each, inputs, of.outputs(), images));
    return step.grid(Steps.ceil(threads(source), block), 1).block(block, 1);
  }

  /** The kernel of a tape that takes a sum, and what is left of the sum. */
  List<Step> lower(Fused op, TapeSums.Sum sum) {
    Steps.count(node, op.shape());
    List<Value> inputs = node.inputs();
    List<Spec> specs = inputs.stream().map(Value::spec).toList();
    TapeSource source = TapeCompiler.compile(op, specs, images.isLast(), sum);
    TapeSum how = sum.how();
    Buffer y = schedule.buffer(sum.node().output());
    Buffer sums =
        how.isWhole() ? y : schedule.scratch("sums of " + op.name(), how.sums() * Float.BYTES);
    KernelStep step = new KernelStep(op.name() + " + reduce_sum", kernel(source));
    source.arguments().forEach(each -> add(step, each, inputs, node.outputs(), images));
    step.writes(sums);
    if (how.columns()) {
      step.whole(how.reduced()).whole(how.inner()).whole(how.chunk());
      step.grid(how.blocks(source.width()), how.chunks());
    } else {
      step.whole(how.parts()).whole(how.reduced()).whole(how.chunk()).whole(how.chunks());
      step.grid(how.blocks(source.width()), 1);
    }
    List<Step> steps = new ArrayList<>();
    steps.add(step.block(how.across(), how.down()).build(flops(op) + op.shape().size()));
    if (!how.isWhole()) {
      ReduceLowering rest = new ReduceLowering(schedule, kernels, Reduce.Kind.SUM);
      steps.addAll(rest.lower(sums, y, how.rest(), how.axes()));
    }
    return steps;
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
