package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.backend.Buffer;
import dev.tarn.backend.Schedule;
import dev.tarn.ir.Arithmetic;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Node;
import dev.tarn.ir.Product;
import dev.tarn.ir.Program;
import dev.tarn.ir.Value;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The kernels of convolutions as {@code convolution_tensor.cu} reads them: rows of (tap, channel),
 * one for each result of a group. Small ones are packed together when the first is asked for.
 */
final class PackedKernels {
  /** Larger ones take longer than a launch, and take memory from when they are packed. */
  private static final long MOST_BYTES = 2 << 20;

  /** So much memory, in all, the kernels of later layers take before they are needed. */
  private static final long MOST_TOGETHER = 16 << 20;

  private final Schedule<Step> schedule;
  private final Kernels kernels;
  private final Images images;
  private final WeightSums sums;
  private final Program program;
  private final Map<Node, Buffer> packed = new IdentityHashMap<>();

  PackedKernels(
      Schedule<Step> schedule, Kernels kernels, Images images, WeightSums sums, Program program) {
    this.schedule = schedule;
    this.kernels = kernels;
    this.images = images;
    this.sums = sums;
    this.program = program;
  }

  /**
   * The packed kernel of a convolution on tensor cores, or of a gradient of one by its image.
   *
   * @param steps gets the step that packs it, if it is not packed yet
   */
  Buffer of(Node node, List<Step> steps) {
    if (!packed.containsKey(node)) {
      steps.add(pack(together(node)));
    }
    return packed.get(node);
  }

  /** A node and those after it that can be packed with it: whose kernels are known by then. */
  private List<Node> together(Node node) {
    List<Node> together = new ArrayList<>(List.of(node));
    Set<Value> later = new HashSet<>();
    long bytes = bytes(node);
    boolean reached = false;
    for (Node other : program.body()) {
      boolean after = reached;
      reached |= other == node;
      if (reached) {
        later.addAll(other.outputs());
      }
      if (after
          && bytes(node) <= MOST_BYTES
          && isPacked(other)
          && arithmetic(other) == arithmetic(node)
          && bytes(other) <= MOST_BYTES
          && bytes + bytes(other) <= MOST_TOGETHER
          && !later.contains(other.inputs().get(1))
          && !sums.isPending(other.inputs().get(1))) {
        together.add(other);
        bytes += bytes(other);
      }
    }
    return together;
  }

  private boolean isPacked(Node node) {
    return (node.op() instanceof Conv2d || node.op() instanceof Conv2dGradInput)
        && ConvolutionLowering.onTensorCores(node, kernels)
        && !packed.containsKey(node);
  }

  private static long bytes(Node node) {
    return elements(node) * type(node).bytes();
  }

  private Step pack(List<Node> nodes) {
    DType stored = arithmetic(nodes.get(0)).operands();
    String name = "pack_kernels_" + stored + "_to_" + type(nodes.get(0));
    LazyKernel kernel = kernels.of("convolution_pack.cu", name);
    List<KernelStep> members = new ArrayList<>();
    for (Node node : nodes) {
      Shape w = shape(node);
      int taps = w.dim(2) * w.dim(3);
      long terms = (long) w.dim(1) * taps;
      boolean adjoint = node.op() instanceof Conv2dGradInput;
      int m = adjoint ? w.dim(1) : w.dim(0) / groups(node);
      long elements = elements(node);
      Buffer to = schedule.scratch(node.op().name() + " kernel", bytes(node));
      members.add(
          new KernelStep(name, kernel)
              .reads(images.plain(node.inputs().get(1)))
              .writes(to)
              .whole(elements)
              .whole(m)
              .whole(k(node))
              .whole(Images.padded(k(node), type(node)))
              .whole(taps)
              .whole(w.dim(0) / groups(node) * terms)
              .whole(adjoint ? taps : terms)
              .whole(adjoint ? terms : taps)
              .grid(Steps.ceil(elements, Steps.BLOCK), 1));
      packed.put(node, to);
    }
    return BatchStep.of(name, kernel, Steps.BLOCK, members, 0);
  }

  /** The elements of a packed kernel. */
  private static long elements(Node node) {
    Shape w = shape(node);
    long rows = node.op() instanceof Conv2dGradInput ? (long) groups(node) * w.dim(1) : w.dim(0);
    return rows * w.dim(2) * w.dim(3) * Images.padded(k(node), type(node));
  }

  /** The channels of a group that are summed over. */
  private static int k(Node node) {
    Shape w = shape(node);
    return node.op() instanceof Conv2dGradInput ? w.dim(0) / groups(node) : w.dim(1);
  }

  private static int groups(Node node) {
    return node.op() instanceof Conv2dGradInput op
        ? op.window().groups()
        : ((Conv2d) node.op()).window().groups();
  }

  private static Arithmetic arithmetic(Node node) {
    return ((Product) node.op()).arithmetic();
  }

  /** The type of factors on the tensor cores. */
  static DType type(Node node) {
    return arithmetic(node) == Arithmetic.TF32 ? DType.F32 : DType.BF16;
  }

  private static Shape shape(Node node) {
    return node.inputs().get(1).spec().shape();
  }
}
