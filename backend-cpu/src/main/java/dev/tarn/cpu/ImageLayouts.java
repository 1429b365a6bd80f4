package dev.tarn.cpu;

import dev.tarn.Shape;
import dev.tarn.backend.Debug;
import dev.tarn.backend.ImageOrder;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Op;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Value;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which images of a program lie in memory with their channels last: {@code [N, H, W, C]}, the order
 * in which oneDNN's convolutions are fastest.
 *
 * <p>Logically a value is row-major, an image {@code [N, C, H, W]}; only the order of its elements
 * in memory is decided here. Convolutions write channels last, and what works on images element by
 * element, channel by channel or window by window keeps the order of what it reads. Everything else
 * is plain, and so are outputs, states and operands of reshapes, for which {@link Images} makes
 * plain copies.
 *
 * <p>With the property {@code tarn.layout=false} every value is plain.
 */
final class ImageLayouts {
  private final int multiple;
  private final Set<Value> moved = new HashSet<>();

  /**
   * Decides, going through the nodes once.
   *
   * @param multiple of which numbers of channels must be multiples, a vector register's worth; 0 to
   *     leave every value plain
   */
  ImageLayouts(Program program, int multiple) {
    this.multiple = Debug.isOff("tarn.layout") ? 0 : multiple;
    if (this.multiple == 0) {
      return;
    }
    for (Node node : program.body()) {
      boolean makes =
          node.op() instanceof Conv2d || node.op() instanceof Conv2dGradInput
              ? fillsRegisters(node)
              : keepsOrder(node) && node.inputs().stream().anyMatch(moved::contains);
      if (makes) {
        node.outputs().stream().filter(this::fits).forEach(moved::add);
      }
    }
  }

  /** Whether each group of a convolution fills vector registers, or each channel is a group. */
  private boolean fillsRegisters(Node convolution) {
    int groups =
        convolution.op() instanceof Conv2d conv
            ? conv.window().groups()
            : ((Conv2dGradInput) convolution.op()).window().groups();
    Shape w = convolution.inputs().get(1).spec().shape();
    int made = convolution.op() instanceof Conv2d ? w.dim(0) / groups : w.dim(1);
    return made % multiple == 0 || (made == 1 && w.dim(0) == groups);
  }

  private static boolean keepsOrder(Node node) {
    Op op = node.op();
    return (op instanceof Fused fused && !drawsMask(fused) && !ImageOrder.readsIntegers(node))
        || op instanceof BatchNorm
        || op instanceof BatchNormGrad
        || op instanceof Pool2d
        || op instanceof Pool2dGrad;
  }

  /** Masks count elements in their logical order. */
  private static boolean drawsMask(Fused op) {
    return op.tape().stream().anyMatch(Fused.Mask.class::isInstance);
  }

  private boolean fits(Value value) {
    Shape shape = value.spec().shape();
    return shape.rank() == 4
        && shape.size() > 0
        && shape.dim(1) % multiple == 0
        && shape.dim(1) <= Workspace.TILE;
  }

  /** Whether a value has its channels last. */
  boolean isLast(Value value) {
    return moved.contains(value);
  }

  /**
   * Whether a node works on images with their channels last. Convolutions see to their operands
   * themselves.
   */
  boolean isLast(Node node) {
    return node.op() instanceof Reduce op
        ? isLast(node.inputs().get(0)) && sumsChannels(op)
        : !node.outputs().isEmpty() && isLast(node.outputs().get(0));
  }

  private static boolean sumsChannels(Reduce op) {
    return op.kind() == Reduce.Kind.SUM && op.axes().equals(List.of(0, 2, 3));
  }

  /** Whether a node takes its operands in any order. */
  static boolean takesAny(Op op) {
    return op instanceof Conv2d || op instanceof Conv2dGradInput || op instanceof Conv2dGradWeight;
  }
}
