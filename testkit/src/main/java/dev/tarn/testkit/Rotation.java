package dev.tarn.testkit;

import dev.tarn.CudaKernel;
import dev.tarn.CustomOp;
import dev.tarn.DType;
import dev.tarn.HostTensor;
import dev.tarn.ShapeException;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Points {@code (x, y)} of the plane turned by an angle as often as a third operand says, x and y
 * f32 and the number of turns i32, all of one shape: an operation with two outputs whose gradient
 * is another such operation.
 *
 * @param angle in radians
 */
record Rotation(double angle) implements CustomOp {
  private static final String SOURCE =
      """
      #include "activations.cuh"

      extern "C" __global__ void rotate(const float *x, const float *y, const int *turns, float *u,
                                        float *v, float angle, int n) {
        const int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= n) return;
        const float s = sinf(angle * turns[i]);
        const float c = cosf(angle * turns[i]);
        u[i] = tarn::sub(c * x[i], s * y[i]);
        v[i] = tarn::add(s * x[i], c * y[i]);
      }
      """;

  @Override
  public String name() {
    return "rotation";
  }

  @Override
  public List<Spec> infer(List<Spec> inputs) {
    if (inputs.get(2).dtype() != DType.I32) {
      throw new ShapeException("turns must be i32, was given " + inputs);
    }
    return inputs.subList(0, 2);
  }

  @Override
  public void run(List<HostTensor> inputs, List<HostTensor> outputs) {
    for (int i = 0; i < inputs.get(0).size(); i++) {
      double s = Math.sin(angle * inputs.get(2).get(i));
      double c = Math.cos(angle * inputs.get(2).get(i));
      double x = inputs.get(0).get(i);
      double y = inputs.get(1).get(i);
      outputs.get(0).set(i, c * x - s * y);
      outputs.get(1).set(i, s * x + c * y);
    }
  }

  @Override
  public List<@Nullable Tensor> gradient(
      List<Tensor> inputs, List<Tensor> outputs, List<Tensor> gradients) {
    List<Tensor> turned =
        inputs
            .get(0)
            .trace()
            .custom(new Rotation(-angle), gradients.get(0), gradients.get(1), inputs.get(2));
    return Arrays.asList(turned.get(0), turned.get(1), null);
  }

  @Override
  public CudaKernel cudaKernel(List<Spec> inputs, List<Spec> outputs) {
    int n = inputs.get(0).shape().intSize();
    return CudaKernel.of("rotation.cu", SOURCE, "rotate").threads(n).with((float) angle).with(n);
  }
}
