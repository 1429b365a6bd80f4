package dev.tarn.cli;

import dev.tarn.PoolWindow;
import dev.tarn.Shape;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Custom;
import dev.tarn.ir.Gather;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.Node;
import dev.tarn.ir.Pool2d;
import dev.tarn.ir.Reduce;
import dev.tarn.ir.Value;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The rows and columns of the input that one element depends on, and how far neighbours are apart
 * in it; 0 rows where this is not known or everything.
 */
record Field(long rows, long columns, long stepRows, long stepColumns) {
  /** Of the input itself. */
  static final Field INPUT = new Field(1, 1, 1, 1);

  static final Field NONE = new Field(0, 0, 0, 0);

  /** The fields of all values that depend on inputs, of which only images have one. */
  static Map<Value, Field> of(List<Tensor> inputs, List<Node> nodes) {
    Map<Value, Field> fields = new HashMap<>();
    inputs.forEach(x -> fields.put(x.value(), x.shape().rank() == 4 ? INPUT : NONE));
    for (Node node : nodes) {
      @Nullable Field given =
          node.inputs().stream()
              .map(fields::get)
              .filter(Objects::nonNull)
              .reduce(Field::with)
              .orElse(null);
      if (given != null) {
        Field after = given.after(node);
        node.outputs().forEach(output -> fields.put(output, after));
      }
    }
    return fields;
  }

  boolean isKnown() {
    return rows > 0;
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
    boolean mixes =
        node.op() instanceof Conv2dGradInput
            || node.op() instanceof MatMul
            || node.op() instanceof Reduce
            || node.op() instanceof Gather
            || node.op() instanceof Custom;
    return mixes ? NONE : this;
  }

  private Field grown(long moreRows, long moreColumns, int strideRows, int strideColumns) {
    return new Field(
        rows + moreRows * stepRows,
        columns + moreColumns * stepColumns,
        stepRows * strideRows,
        stepColumns * strideColumns);
  }

  /** Of what two branches give together: the larger one. */
  private Field with(Field other) {
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
