package dev.tarn.cuda;

import dev.tarn.backend.Buffer;
import dev.tarn.ir.Conv2dGradWeight;
import dev.tarn.ir.Node;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The last step of convolutions' gradients by their kernels on tensor cores, which adds up partial
 * sums. Those of several layers are added by one launch: nothing reads them before the backward
 * pass is over.
 */
final class WeightSums {
  private static final String FILE = "convolution_weight_sum.cu";
  private static final String KERNEL = "conv2d_weight_sums";

  /** Partial sums of so many bytes wait at most: they take memory, and leave the cache. */
  private static final long MOST_BYTES = 16 << 20;

  private final LazyKernel kernel;
  private final boolean waits;
  private final @Nullable Node last;
  private final Set<Value> pending = new HashSet<>();
  private final List<KernelStep> members = new ArrayList<>();
  private long bytes;
  private long flops;

  /**
   * None yet.
   *
   * @param keepAll whether every value is wanted at the end of its node
   */
  WeightSums(Kernels kernels, Program program, boolean keepAll) {
    this.kernel = kernels.of(FILE, KERNEL);
    this.waits = !keepAll;
    this.last =
        program.body().stream()
            .filter(node -> node.op() instanceof Conv2dGradWeight)
            .reduce(null, (a, b) -> b);
  }

  /**
   * Adds the sum of a node's partial sums.
   *
   * @param partial f32 {@code [chunks, o, taps, channels]}
   * @param to f32 {@code [o, used, taps]}
   */
  void add(
      Node node,
      Buffer partial,
      Buffer to,
      long elements,
      long chunks,
      int channels,
      int used,
      int taps) {
    members.add(
        new KernelStep(KERNEL, kernel)
            .reads(partial)
            .writes(to)
            .whole(elements)
            .whole(chunks)
            .whole(channels)
            .whole(used)
            .whole(taps)
            .grid(Steps.ceil(elements, Steps.BLOCK), 1));
    pending.add(node.output());
    bytes += partial.bytes();
    flops += chunks * elements;
  }

  /** The steps that cannot wait any longer once a gradient by a kernel is lowered. */
  List<Step> due(Node node) {
    return !waits || node == last || bytes > MOST_BYTES ? flush() : List.of();
  }

  /** The steps that some nodes wait for. */
  List<Step> before(List<Node> nodes) {
    boolean isRead =
        nodes.stream().flatMap(node -> node.inputs().stream()).anyMatch(pending::contains);
    return isRead ? flush() : List.of();
  }

  /** Whether the sums of a gradient wait. */
  boolean isPending(Value gradient) {
    return pending.contains(gradient);
  }

  /** The steps that wait. */
  List<Step> flush() {
    if (members.isEmpty()) {
      return List.of();
    }
    Step step = BatchStep.of(KERNEL, kernel, Steps.BLOCK, members, flops);
    members.clear();
    pending.clear();
    bytes = 0;
    flops = 0;
    return List.of(step);
  }
}
