package dev.tarn.transform;

import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.ir.Conv2d;
import dev.tarn.ir.Conv2dGradInput;
import dev.tarn.ir.Conv2dGradWeight;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of convolutions.
 *
 * <p>A convolution is linear in the image and in the kernel, so each of the three operations has
 * the other two as its gradients, and all can be differentiated again.
 */
final class ConvolutionGradient {
  private ConvolutionGradient() {}

  static List<@Nullable Tensor> of(
      Conv2d op, Tensor g, Tensor x, Tensor w, boolean byX, boolean byW) {
    Trace trace = g.trace();
    int[] image = x.shape().dims();
    int[] kernel = w.shape().dims();
    return list(
        byX ? trace.add(new Conv2dGradInput(op.window(), image[2], image[3]), g, w).get(0) : null,
        byW
            ? trace.add(new Conv2dGradWeight(op.window(), kernel[2], kernel[3]), x, g).get(0)
            : null);
  }

  static List<@Nullable Tensor> of(
      Conv2dGradInput op, Tensor g, Tensor dy, Tensor w, boolean byDy, boolean byW) {
    int[] kernel = w.shape().dims();
    Conv2dGradWeight byKernel = new Conv2dGradWeight(op.window(), kernel[2], kernel[3]);
    return list(
        byDy ? g.conv2d(w, op.window()) : null, byW ? g.trace().add(byKernel, g, dy).get(0) : null);
  }

  static List<@Nullable Tensor> of(
      Conv2dGradWeight op, Tensor g, Tensor x, Tensor dy, boolean byX, boolean byDy) {
    int[] image = x.shape().dims();
    Conv2dGradInput byImage = new Conv2dGradInput(op.window(), image[2], image[3]);
    return list(
        byX ? g.trace().add(byImage, dy, g).get(0) : null, byDy ? x.conv2d(g, op.window()) : null);
  }

  private static List<@Nullable Tensor> list(@Nullable Tensor first, @Nullable Tensor second) {
    return Arrays.asList(first, second);
  }
}
