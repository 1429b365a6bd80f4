package dev.tarn.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jcuda.CudaException;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The emulated NVRTC: options, headers, messages, and which images a device takes. */
class CompilerTests {

  private Gpu gpu;

  @BeforeEach
  void open() {
    gpu = new Gpu();
  }

  @AfterEach
  void close() {
    if (gpu != null) {
      gpu.close();
    }
  }

  private float run(CUmodule module) {
    CUdeviceptr y = Gpu.allocate(4);
    gpu.launch(Gpu.function(module, "k"), 1, 1, 0, y);
    return Gpu.download(y, 1)[0];
  }

  @Test
  void errorsNameTheFileAndTheLine() {
    String source =
        """
        extern "C" __global__ void k(float *y) {
          __shared__ float tile[
              32];
          y[0] = tile[0] + mistake;
        }
        """;
    String log =
        assertThrows(IllegalArgumentException.class, () -> Gpu.compile(source, "wrong.cu"))
            .getMessage();
    assertTrue(log.contains("wrong.cu(4): error:"), log);
    assertTrue(log.contains("mistake"), log);
  }

  @Test
  void definitionsAndHeaders() {
    String source =
        """
        #include "sizes/width.cuh"
        #define KERNEL(name) extern "C" __global__ void __launch_bounds__(THREADS, 2) name
        KERNEL(k)(float *y) { y[0] = WIDTH * 100 + HEIGHT * 10 + __CUDA_ARCH__ / 100; }
        """;
    nvrtcProgram program = new nvrtcProgram();
    JNvrtc.nvrtcCreateProgram(
        program,
        source,
        "k.cu",
        1,
        new String[] {"#define WIDTH 3\n"},
        new String[] {"sizes/width.cuh"});
    CUmodule module =
        Gpu.load(Gpu.compile(program, "-DHEIGHT=2", "--define-macro=THREADS=64", "-lineinfo"));
    assertEquals(329f, run(module));
  }

  @Test
  void systemHeadersAreOutOfReachAsOnTheRealCompiler() {
    String source = "#include <cmath>\nextern \"C\" __global__ void k(float *y) {}\n";
    String log =
        assertThrows(IllegalArgumentException.class, () -> Gpu.compile(source, "k.cu"))
            .getMessage();
    assertTrue(log.contains("k.cu(1): error: cmath"), log);
  }

  @Test
  void unknownOptionsAreRefused() {
    String source = "extern \"C\" __global__ void k(float *y) {}";
    String log =
        assertThrows(
                IllegalArgumentException.class, () -> Gpu.compile(source, "k.cu", "--fast-please"))
            .getMessage();
    assertTrue(log.contains("unrecognized option --fast-please"), log);
  }

  @Test
  void supportedArchitectures() {
    int[] count = new int[1];
    JNvrtc.nvrtcGetNumSupportedArchs(count);
    int[] archs = new int[count[0]];
    JNvrtc.nvrtcGetSupportedArchs(archs);
    assertArrayEquals(new int[] {75, 80, 86, 89, 90}, archs);
  }

  @Test
  void ptxRunsOnNewerDevicesAndCubinsDoNot() {
    String source = "extern \"C\" __global__ void k(float *y) { y[0] = 5.0f; }";
    nvrtcProgram program = new nvrtcProgram();
    JNvrtc.nvrtcCreateProgram(program, source, "k.cu", 0, null, null);
    JNvrtc.nvrtcCompileProgram(program, 1, new String[] {"-arch=compute_80"});
    long[] size = {-1};
    JNvrtc.nvrtcGetCUBINSize(program, size);
    assertEquals(0, size[0]);
    String[] ptx = new String[1];
    JNvrtc.nvrtcGetPTX(program, ptx);
    CUmodule module = new CUmodule();
    JCudaDriver.cuModuleLoadData(module, ptx[0]);
    assertEquals(5f, run(module));

    byte[] older = Gpu.compile(source, "k.cu", "-arch=sm_80");
    CudaException e = assertThrows(CudaException.class, () -> Gpu.load(older));
    assertEquals("CUDA_ERROR_NO_BINARY_FOR_GPU", e.getMessage());
  }

  @Test
  void anImageOutlivesTheProcessThatCompiledIt() {
    byte[] image = Gpu.compile("extern \"C\" __global__ void k(float *y) { y[0] = 6.0f; }", "k.cu");
    CUmodule first = Gpu.load(image);
    JCudaDriver.cuModuleUnload(first);
    assertEquals(6f, run(Gpu.load(image.clone())));
    CudaException e = assertThrows(CudaException.class, () -> Gpu.load(new byte[4096]));
    assertEquals("CUDA_ERROR_INVALID_IMAGE", e.getMessage());
  }
}
