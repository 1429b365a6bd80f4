package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.testkit.ChildJvm;
import dev.tarn.testkit.Compare;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Precisions on a GPU of compute capability 7.5, which has no tensor cores for them. */
class OldGpuTests {
  @Test
  void computesInF32() throws Exception {
    assumeFalse(CudaDevice.isReal(), "the emulator is told how old it is");
    ChildJvm.Result result =
        CudaDevice.child(new ChildJvm(Work.class))
            .environment("TARN_EMULATOR_ARCH", 75)
            .property("tarn.cache", System.getProperty("tarn.cache"))
            .timeoutSeconds(300)
            .run();
    assertEquals(0, result.exitCode(), result.output());
  }

  /** What the child does. */
  static final class Work {
    private Work() {}

    /** Fails unless tf32 is f32, and bf16 is f32 rounded here and there. */
    public static void main(String[] arguments) {
      try (CudaBackend backend = (CudaBackend) CudaDevice.open()) {
        check(!backend.kernels().hasTensorCores(), backend.description());
        List<HostTensor> full = MixedPrecisionTests.train(backend, Precision.FP32, 1);
        check(full.equals(MixedPrecisionTests.train(backend, Precision.TF32, 1)), "tf32 rounds");
        List<HostTensor> rounded = MixedPrecisionTests.train(backend, Precision.BF16, 1);
        double distance = Compare.distance(full, rounded);
        check(distance > 0 && distance < 0.1, "bf16: " + distance);
      }
    }

    private static void check(boolean condition, String what) {
      if (!condition) {
        throw new AssertionError(what);
      }
    }
  }
}
