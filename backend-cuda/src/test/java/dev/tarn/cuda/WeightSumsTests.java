package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import dev.tarn.testkit.Fill;
import dev.tarn.testkit.OpCase;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When the partial sums of gradients by kernels are added up. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WeightSumsTests {
  private static final Window2d SAME = Window2d.UNIT.padding(1, 1, 1, 1);

  @AutoClose private final CudaBackend backend = (CudaBackend) CudaDevice.open();

  /** The steps that add, of the gradients of some layers. */
  private List<String> sums(int layers, int images, int channels, int side) {
    try (CheckProgram program =
        new CheckProgram(
            backend,
            Precision.BF16,
            builder -> {
              Tensor h = builder.operand(images, channels, side, side);
              List<Tensor> kernels = new ArrayList<>();
              for (int i = 0; i < layers; i++) {
                kernels.add(builder.operand(channels, channels, 3, 3));
                h = h.conv2d(kernels.get(i), SAME).relu();
              }
              Gradient.of(h.sum(), kernels).forEach(builder::output);
            })) {
      return program.plan().schedule().entries().stream()
          .map(entry -> entry.step().name())
          .filter(name -> name.endsWith("conv2d_weight_sums"))
          .toList();
    }
  }

  @Test
  void theSumsOfSmallLayersAreOneLaunch() {
    assertEquals(List.of("3 x conv2d_weight_sums"), sums(3, 2, 8, 8));
  }

  /** 54 partial sums of 64 x 64 x 9 floats each are 8 MB a layer, of which 16 MiB may wait. */
  @Test
  void manyPartialSumsDoNotWait() {
    assertEquals(List.of("3 x conv2d_weight_sums", "conv2d_weight_sums"), sums(4, 32, 64, 32));
  }

  /** A kernel of two layers: its gradients are added, and then scaled. */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void whatReadsAGradientWaitsForIt(Precision precision) {
    OpCase shared =
        OpCase.named("a kernel of two layers")
            .input("x", Spec.f32(2, 8, 6, 6), Fill.normal(1))
            .input("v", Spec.f32(8, 8, 3, 3), Fill.normal(0.2))
            .input("w", Spec.f32(8, 8, 3, 3), Fill.normal(0.2))
            .program(
                (trace, in) -> {
                  Tensor h = in[0].conv2d(in[1], SAME).tanh().conv2d(in[2], SAME).tanh();
                  Tensor y = h.conv2d(in[1], SAME);
                  List<Tensor> by = Gradient.of(y.square().mean(), List.of(in[1], in[2]));
                  return List.of(by.get(0).mul(by.get(1)).sum(), by.get(0).mul(3), by.get(1));
                });
    CaseChecks.checked(backend, shared, precision);
  }

  /** Its sums wait when kernels of convolutions are packed, of which it is one itself. */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void aGradientIsAKernel(Precision precision) {
    OpCase higher =
        OpCase.named("a kernel that is a gradient")
            .input("x", Spec.f32(2, 8, 6, 6), Fill.normal(1))
            .input("v", Spec.f32(8, 8, 3, 3), Fill.normal(0.2))
            .input("w", Spec.f32(8, 8, 3, 3), Fill.normal(0.2))
            .input("u", Spec.f32(8, 8, 3, 3), Fill.normal(0.2))
            .program(
                (trace, in) -> {
                  Tensor y = in[0].conv2d(in[1], SAME).tanh().conv2d(in[2], SAME);
                  Tensor loss = y.square().mean();
                  List<Tensor> by = Gradient.of(loss, List.of(in[2], in[1]));
                  Tensor kernel = in[3].mul(loss);
                  Tensor z = in[0].conv2d(kernel, SAME).tanh().conv2d(by.get(0), SAME);
                  Tensor again = Gradient.of(z.square().mean(), List.of(kernel)).get(0);
                  return List.of(z, again, by.get(0), by.get(1));
                });
    CaseChecks.checked(backend, higher, precision);
  }
}
