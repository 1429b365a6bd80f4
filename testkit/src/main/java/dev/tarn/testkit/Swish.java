package dev.tarn.testkit;

import dev.tarn.CudaKernel;
import dev.tarn.CustomOp;
import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import java.util.List;

/**
 * {@code y = x sigmoid(beta x)}, for any shape (Ramachandran, Zoph, Le 2017, arXiv:1710.05941).
 *
 * @param beta how sharp the step at zero is
 */
public record Swish(float beta) implements CustomOp {
  /** Applies it to a tensor. */
  public static Tensor of(Tensor x, float beta) {
    return x.custom(new Swish(beta));
  }

  @Override
  public String name() {
    return "swish";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    if (inputs.size() != 1 || inputs.get(0).dtype() != DType.F32) {
      throw new ShapeException("needs one f32 tensor, was given " + inputs);
    }
    return inputs;
  }

  @Override
  public void run(List<HostTensor> inputs, List<HostTensor> outputs) {
    HostTensor x = inputs.get(0);
    HostTensor y = outputs.get(0);
    for (int i = 0; i < x.size(); i++) {
      y.set(i, x.get(i) / (1 + Math.exp(-beta * x.get(i))));
    }
  }

  /** {@code dx = dy (s + beta y (1 - s))} with {@code s = sigmoid(beta x)}. */
  @Override
  public List<Tensor> gradient(List<Tensor> inputs, List<Tensor> outputs, List<Tensor> gradients) {
    Tensor s = inputs.get(0).mul(beta).sigmoid();
    Tensor slope = s.add(outputs.get(0).mul(beta).mul(s.neg().add(1)));
    return List.of(gradients.get(0).mul(slope));
  }

  @Override
  public CudaKernel cudaKernel(List<Spec> inputs, List<Spec> outputs) {
    int n = inputs.get(0).shape().intSize();
    return CudaKernel.resource(Swish.class, "swish.cu", "swish").threads(n).with(n).with(beta);
  }
}
