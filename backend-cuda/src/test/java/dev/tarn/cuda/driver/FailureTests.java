package dev.tarn.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.tarn.testkit.ChildJvm;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What failures of the driver and of cuBLAS look like: the emulator fails calls on request. */
class FailureTests {
  @BeforeEach
  void requireEmulator() {
    assumeFalse(Gpu.isReal(), "skipped: a real GPU does not fail on request");
  }

  private static String outputWith(String failures) throws Exception {
    ChildJvm.Result result =
        Gpu.child(WorkMain.class).environment("TARN_EMULATOR_FAIL", failures).run();
    assertEquals(0, result.exitCode(), result.output());
    assertTrue(result.output().endsWith("closed\n"), result.output());
    return result.output();
  }

  /** Works with everything that may fail, prints what is thrown, and closes all of it. */
  static final class WorkMain {
    public static void main(String[] arguments) {
      try (Gpu gpu = new Gpu();
          DeviceMemory memory = gpu.upload(1, 2, 3, 4);
          Cublas cublas = Cublas.create(gpu.context, gpu.stream)) {
        GemmShape shape = GemmShape.of(2, 2, 2, false, false);
        for (GemmShape s : List.of(shape, shape.batched(1, 0, 0, 4).batched(2, 0, 0, 4))) {
          try (DeviceMemory result = DeviceMemory.allocate(gpu.context, 32);
              Graph graph = gpu.stream.capture(gemm(cublas, s, memory, result, gpu.stream))) {
            graph.enqueue(gpu.stream);
            gpu.stream.synchronize();
            System.out.println("done");
          } catch (CudaException e) {
            System.out.println((e.isSticky() ? "sticky: " : "thrown: ") + e.getMessage());
          }
        }
        gpu.kernel("axpy");
      } catch (CudaException e) {
        System.out.println((e.isSticky() ? "sticky: " : "thrown: ") + e.getMessage());
      }
      System.out.println("closed");
    }

    private static Runnable gemm(
        Cublas cublas, GemmShape shape, DeviceMemory in, DeviceMemory out, Stream stream) {
      Gemm gemm =
          cublas.gemm(
              shape,
              Gemm.Type.F32,
              Gemm.Type.F32,
              Gemm.Compute.F32,
              1,
              in.address(),
              in.address(),
              0,
              out.address());
      return () -> gemm.enqueue(stream);
    }
  }

  @Test
  void withoutFailureEverythingWorks() throws Exception {
    String output = outputWith("");
    assertTrue(output.endsWith("done\ndone\nclosed\n"), output);
  }

  @Test
  void lostContextsAreRecognisedAndClosedQuietly() throws Exception {
    String output = outputWith("cuStreamSynchronize:2:700,cuMemFree:1:700,cuStreamDestroy:1:700");
    assertTrue(
        output.contains("sticky: cuStreamSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS ("), output);
    assertTrue(output.contains("; the device context is lost, start the process again"), output);
  }

  @Test
  void failuresOfProductsNameTheirShapes() throws Exception {
    String output = outputWith("cublasGemmEx:1:13,cublasGemmStridedBatchedEx:1:15");
    assertTrue(
        output.contains(
            "thrown: gemm [2,2] x [2,2] of F32 to F32 in F32: CUBLAS_STATUS_EXECUTION_FAILED (13)"),
        output);
    assertTrue(
        output.contains(
            "thrown: gemm 2 of [2,2] x [2,2] of F32 to F32 in F32:"
                + " CUBLAS_STATUS_NOT_SUPPORTED (15)"),
        output);
  }

  @Test
  void failuresNameTheCall() throws Exception {
    for (Map.Entry<String, String> failure :
        Map.of(
                "cuDevicePrimaryCtxRetain:1:2", "is full: no memory is left for a context",
                "cuMemHostAlloc:1:2", "cuMemHostAlloc of 16 bytes of host memory: CUDA_ERROR_OUT_O",
                "cuGraphInstantiateWithFlags:1:1", "cuGraphInstantiate: CUDA_ERROR_INVALID",
                "cuModuleLoadData:1:209",
                    "cuModuleLoadData of driver_test.cu: CUDA_ERROR_NO_BINARY",
                "cublasCreate:1:3", "cublasCreate: CUBLAS_STATUS_ALLOC_FAILED (3)")
            .entrySet()) {
      String output = outputWith(failure.getKey());
      assertTrue(output.contains("thrown: "), output);
      assertTrue(output.contains(failure.getValue()), output);
      assertFalse(output.contains("sticky: "), output);
    }
  }
}
