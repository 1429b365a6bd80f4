package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.CudaKernel;
import dev.tarn.CustomOp;
import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.backend.Backend;
import dev.tarn.testkit.CustomConformance;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Operations of users on the CUDA backend. */
final class CudaCustomTests extends CustomConformance {
  private static final String HEAD =
      "extern \"C\" __global__ void copy(const float *x, float *y) {\n";

  @Override
  protected Backend open() {
    return CudaDevice.open();
  }

  @Override
  protected boolean runsJava() {
    return false;
  }

  private void failsWith(String file, String body, String function, String expected) {
    CudaKernel kernel = CudaKernel.of(file, HEAD + body + "}\n", function);
    String message = failure(copyBy(kernel));
    assertTrue(message.startsWith("custom copy: "), message);
    assertTrue(message.contains(expected), message);
    assertTrue(message.matches("(?s).*\\(CustomConformance.java:\\d+\\)"), message);
  }

  @Test
  void compileErrorsShowFileLineAndText() {
    failsWith("own.cu", "  y[0] = z[0];\n", "copy", "own.cu(2): error");
    failsWith("own.cu", "  y[0] = z[0];\n", "copy", "in: y[0] = z[0];");
  }

  @Test
  void unknownHeadersAreTheCompilersError() {
    String source = "#include \"nowhere.cuh\"\n" + HEAD + "}\n";
    String message = failure(copyBy(CudaKernel.of("own.cu", source, "copy")));
    assertTrue(message.contains("nowhere.cuh") && message.contains("own.cu"), message);
  }

  @Test
  void functionsThatAreMissingAreNamed() {
    failsWith("own.cu", "  y[0] = x[0];\n", "cpoy", "no kernel cpoy in own.cu");
  }

  @Test
  void exceptionsWhileTheKernelIsMadeNameTheOperation() {
    CustomOp op =
        new CustomOp() {
          @Override
          public String name() {
            return "launch";
          }

          @Override
          public List<Spec> infer(List<Spec> inputs) {
            return inputs;
          }

          @Override
          public void run(List<HostTensor> inputs, List<HostTensor> outputs) {}

          @Override
          public CudaKernel cudaKernel(List<Spec> inputs, List<Spec> outputs) {
            return CudaKernel.of("own.cu", HEAD + "}", "copy").block(32, 33);
          }
        };
    String message = failure(op);
    assertTrue(message.startsWith("custom launch: cudaKernel failed: "), message);
    assertTrue(message.contains("copy: no grid of 1x1 blocks of 32x33"), message);
  }
}
