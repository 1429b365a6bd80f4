package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The cross-entropy of the softmax of each row with its label: {@code loss_n = lse_n - x[n,
 * label_n]} with {@code lse_n = log(sum_c exp(x[n,c]))}, computed without overflow.
 *
 * <p>Inputs: logits f32 {@code [N, C]}, labels i32 {@code [N]}. Outputs: loss f32 {@code [N]}, lse
 * f32 {@code [N]} (kept for the gradient). A label outside {@code [0, C)} gives a loss of NaN.
 */
public record SoftmaxCrossEntropy() implements Op {
  @Override
  public String name() {
    return "softmax_cross_entropy";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 2);
    checkLogitsAndLabels(name(), inputs.get(0), inputs.get(1));
    Spec row = Spec.f32(inputs.get(0).shape().dim(0));
    return List.of(row, row);
  }

  static void checkLogitsAndLabels(String name, Spec logits, Spec labels) {
    if (logits.dtype() != DType.F32
        || logits.shape().rank() != 2
        || logits.shape().dim(1) == 0
        || !labels.equals(Spec.i32(logits.shape().dim(0)))) {
      throw new ShapeException(
          name + ": needs logits f32[N,C] and labels i32[N], was given " + logits + ", " + labels);
    }
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
