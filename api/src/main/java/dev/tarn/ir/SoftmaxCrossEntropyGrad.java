package dev.tarn.ir;

import dev.tarn.DType;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import java.util.List;

/**
 * The gradient of {@link SoftmaxCrossEntropy} by its logits: {@code (exp(x[n,c] - lse_n) - [c =
 * label_n]) * grad_n}.
 *
 * <p>Inputs: logits f32 {@code [N, C]}, labels i32 {@code [N]}, lse f32 {@code [N]}, grad f32
 * {@code [N]} or of one element for all rows. Output: f32 {@code [N, C]}. A label outside {@code
 * [0, C)} gives a row of NaN.
 */
public record SoftmaxCrossEntropyGrad() implements Op {
  @Override
  public String name() {
    return "softmax_cross_entropy_grad";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    Op.arity(this, inputs, 4);
    SoftmaxCrossEntropy.checkLogitsAndLabels(name(), inputs.get(0), inputs.get(1));
    Spec row = Spec.f32(inputs.get(0).shape().dim(0));
    Spec grad = inputs.get(3);
    boolean one = grad.dtype() == DType.F32 && grad.shape().size() == 1;
    if (!inputs.get(2).equals(row) || !(one || grad.equals(row))) {
      throw new ShapeException(name() + ": lse and grad must be " + row + ": " + inputs);
    }
    return List.of(inputs.get(0));
  }

  @Override
  public boolean takesOne(int input) {
    return input == 3;
  }

  @Override
  public <R> R accept(Visitor<R> visitor) {
    return visitor.visit(this);
  }
}
