package dev.tarn.cuda;

import dev.tarn.DType;
import dev.tarn.Shape;
import dev.tarn.Spec;
import dev.tarn.backend.Debug;
import dev.tarn.backend.ImageOrder;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.BatchNormGrad;
import dev.tarn.ir.Cast;
import dev.tarn.ir.Concat;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import dev.tarn.ir.Fused;
import dev.tarn.ir.Node;
import dev.tarn.ir.Op;
import dev.tarn.ir.Pad;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Pool2dGrad;
import dev.tarn.ir.Program;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Slice;
import dev.tarn.ir.Value;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which values of a program lie in memory with their channels last.
 *
 * <p>Logically a value is row-major, an image {@code [N, C, H, W]}; only the order of its elements
 * in memory is decided here. Convolutions on tensor cores write channels last, and what works on
 * images element by element, channel by channel or window by window keeps the order of what it
 * reads. Everything else is plain, and so are outputs, states and operands of reshapes, for which
 * {@link Images} makes plain copies.
 *
 * <p>With the property {@code tarn.layout=false} every value is plain.
 */
final class ImageLayouts {
  /** Channels fill whole accesses of 16 bytes in every type. */
  private static final int MULTIPLE = 8;

  private final Set<Value> last = new HashSet<>();

  /**
   * Decides, going through the nodes once.
   *
   * @param onTensorCores which convolutions run on tensor cores
   */
  ImageLayouts(Program program, Predicate<Node> onTensorCores) {
    if (Debug.isOff("tarn.layout")) {
      return;
    }
    for (Node node : program.body()) {
      boolean makes =
          node.op() instanceof Conv2d || node.op() instanceof Conv2dGradInput
              ? onTensorCores.test(node)
              : keepsOrder(node) && node.inputs().stream().anyMatch(last::contains);
      if (makes) {
        node.outputs().stream().filter(value -> fits(value.spec())).forEach(last::add);
      }
    }
  }

  private static boolean keepsOrder(Node node) {
    Op op = node.op();
    return (op instanceof Fused && !ImageOrder.readsIntegers(node))
        || op instanceof Cast
        || op instanceof BatchNorm
        || op instanceof BatchNormGrad
        || op instanceof Pool2d
        || op instanceof Pool2dGrad
        || op instanceof Slice
        || op instanceof Concat
        || op instanceof Pad;
  }

  private static boolean fits(Spec spec) {
    Shape shape = spec.shape();
    return shape.rank() == 4
        && shape.size() > 0
        && shape.dim(1) % MULTIPLE == 0
        && (spec.dtype() == DType.F32 || spec.dtype() == DType.BF16);
  }

  /** Whether a value lies with its channels last. */
  boolean isLast(Value value) {
    return last.contains(value);
  }

  /**
   * Whether a node works on images with channels last. Convolutions see to their operands
   * themselves.
   */
  boolean isLast(Node node) {
    return node.op() instanceof Reduce
        ? isLast(node.inputs().get(0)) && ImageOrder.isSame(node.output().spec().shape())
        : !node.outputs().isEmpty() && isLast(node.outputs().get(0));
  }

  /** Whether a node takes its operands in any order. */
  static boolean takesAny(Op op) {
    return op instanceof Conv2d || op instanceof Conv2dGradInput || op instanceof Conv2dGradWeight;
  }
}
