package dev.tarn.cli;

import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.ir.BatchNorm;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.CumulativeSum;
import dev.tarn.ir.Elementwise;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.Node;
import dev.tarn.ir.NormalizeRows;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Softmax;
import java.util.List;

/** What operations cost. */
final class LayerCost {
  /** For each element: subtract, square, add, scale and shift, roughly. */
  private static final long NORMALIZATION = 5;

  private LayerCost() {}

  /**
   * Floating point operations of nodes. A product with its sum counts as two; an element-wise
   * function and each element of a sum as one; what only moves values, and custom operations, as
   * none.
   */
  static long flops(List<Node> nodes) {
    return nodes.stream().mapToLong(LayerCost::flops).sum();
  }

  private static long flops(Node node) {
    long results = node.outputs().get(0).spec().shape().size();
    if (node.op() instanceof MatMul product) {
      Shape a = node.inputs().get(0).spec().shape();
      return 2 * results * a.dim(a.rank() - (product.transposeA() ? 2 : 1));
    }
    if (node.op() instanceof Conv2d) {
      Shape weight = node.inputs().get(1).spec().shape();
      return 2 * results * weight.dim(1) * weight.dim(2) * weight.dim(3);
    }
    if (node.op() instanceof Conv2dGradInput) {
      // Every element of the gradient is spread over a kernel.
      return 2 * spread(node);
    }
    if (node.op() instanceof Pool2d pool) {
      PoolWindow window = pool.window();
      return results * window.kernelH() * window.kernelW();
    }
    long inputs = node.inputs().isEmpty() ? 0 : node.inputs().get(0).spec().shape().size();
    if (node.op() instanceof BatchNorm
        || node.op() instanceof NormalizeRows
        || node.op() instanceof Softmax) {
      return NORMALIZATION * inputs;
    }
    if (node.op() instanceof Reduce || node.op() instanceof CumulativeSum) {
      return inputs;
    }
    return node.op() instanceof Elementwise ? results : 0;
  }

  private static long spread(Node node) {
    // The operands are the gradient [N, K, H', W'] and the weight [K, C / groups, R, S].
    Shape first = node.inputs().get(0).spec().shape();
    Shape second = node.inputs().get(1).spec().shape();
    return first.size() * second.dim(1) * second.dim(2) * second.dim(3);
  }
}
