package dev.tarn.cli;

import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.Window2d;
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

/** What operations cost, and how far they see. */
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

  /**
   * The rows and columns of the input that one element depends on, and how far neighbours are apart
   * in it; 0 rows where this is not known or everything.
   */
  record Field(long rows, long columns, long stepRows, long stepColumns) {
    /** Of the input itself. */
    static final Field INPUT = new Field(1, 1, 1, 1);

    static final Field NONE = new Field(0, 0, 0, 0);

    boolean isKnown() {
      return rows > 0;
    }

    /** After nodes that follow one another. */
    Field after(List<Node> nodes) {
      Field field = this;
      for (Node node : nodes) {
        field = field.after(node);
      }
      return field;
    }

    private Field after(Node node) {
      if (!isKnown()) {
        return this;
      }
      if (node.op() instanceof Conv2d conv) {
        Shape weight = node.inputs().get(1).spec().shape();
        Window2d w = conv.window();
        return grown(
            (weight.dim(2) - 1L) * w.dilationH(),
            (weight.dim(3) - 1L) * w.dilationW(),
            w.strideH(),
            w.strideW());
      }
      if (node.op() instanceof Pool2d pool) {
        PoolWindow w = pool.window();
        return grown(w.kernelH() - 1L, w.kernelW() - 1L, w.strideH(), w.strideW());
      }
      return node.op() instanceof Conv2dGradInput ? NONE : this;
    }

    private Field grown(long moreRows, long moreColumns, int strideRows, int strideColumns) {
      return new Field(
          rows + moreRows * stepRows,
          columns + moreColumns * stepColumns,
          stepRows * strideRows,
          stepColumns * strideColumns);
    }

    /** Of what two branches give together. */
    Field with(Field other) {
      return !isKnown() || !other.isKnown()
          ? NONE
          : new Field(
              Math.max(rows, other.rows),
              Math.max(columns, other.columns),
              Math.max(stepRows, other.stepRows),
              Math.max(stepColumns, other.stepColumns));
    }

    @Override
    public String toString() {
      return isKnown() ? rows + "x" + columns : "";
    }
  }
}
