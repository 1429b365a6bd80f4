package dev.tarn.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import jcuda.nvrtc.JNvrtc;
import jcuda.nvrtc.nvrtcProgram;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What kernels compute on the emulator, against plain Java. */
class KernelTests {

  private static Gpu gpu;
  private static CUmodule module;

  @BeforeAll
  static void open() {
    gpu = new Gpu();
    module = Gpu.module("kernels.cu");
  }

  @AfterAll
  static void close() {
    if (gpu != null) {
      gpu.close();
    }
  }

  private static CUfunction function(String name) {
    return Gpu.function(module, name);
  }

  private static float[] random(int n) {
    Random random = new Random(n);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Test
  void axpyTouchesEveryElementOnce() {
    for (int n : new int[] {1, 255, 257, 100_000}) {
      float[] x = random(n);
      float[] y = random(n + 1);
      CUdeviceptr result = Gpu.upload(y);
      gpu.launch(function("axpy"), (n + 255) / 256, 256, 0, Gpu.upload(x), result, 2f, n);
      float[] expected = y.clone();
      for (int i = 0; i < n; i++) {
        expected[i] = Math.fma(2f, x[i], y[i]);
      }
      assertArrayEquals(expected, Gpu.download(result, n + 1), "n = " + n);
    }
  }

  @Test
  void reductionAcrossWarpsAndBlocks() {
    int n = 100_001;
    float[] x = random(n);
    double expected = IntStream.range(0, n).mapToDouble(i -> x[i]).sum();
    CUdeviceptr partial = Gpu.allocate(4 * 37);
    gpu.launch(function("reduce_sum"), 37, 256, 0, Gpu.upload(x), partial, n);
    double sum = 0;
    for (float p : Gpu.download(partial, 37)) {
      sum += p;
    }
    assertEquals(expected, sum, 0.01);
  }

  @Test
  void softmaxInDynamicSharedMemory() {
    int rows = 5;
    int columns = 1000;
    float[] x = random(rows * columns);
    CUdeviceptr y = Gpu.allocate(4L * rows * columns);
    gpu.launch(function("softmax_rows"), rows, 128, 4 * columns, Gpu.upload(x), y, columns);
    float[] result = Gpu.download(y, rows * columns);
    for (int r = 0; r < rows; r++) {
      double sum = 0;
      for (int c = 0; c < columns; c++) {
        sum += Math.exp(x[r * columns + c]);
      }
      for (int c = 0; c < columns; c++) {
        assertEquals(Math.exp(x[r * columns + c]) / sum, result[r * columns + c], 1e-8);
      }
    }
  }

  @Test
  void warpCollectives() {
    CUdeviceptr out = Gpu.allocate(4 * 9 * 32);
    gpu.launch(function("collectives"), 1, 32, 0, out);
    int[] result = Gpu.downloadInts(out, 9 * 32);
    int everyThird = 0b01001001_00100100_10010010_01001001;
    for (int lane = 0; lane < 32; lane++) {
      int[] expected = {
        5,
        lane < 3 ? lane : lane - 3,
        lane % 8 + 3 >= 8 ? lane : lane + 3,
        lane ^ 6,
        everyThird,
        3,
        31 * 32 / 2,
        lane < 16 ? 15 : 16,
        10
      };
      for (int k = 0; k < expected.length; k++) {
        assertEquals(expected[k], result[k * 32 + lane], "collective " + k + ", lane " + lane);
      }
    }
  }

  @Test
  void coordinatesInThreeDimensions() {
    CUdeviceptr out = Gpu.allocate(4 * 2 * 3 * 2 * 4 * 3 * 2);
    JCudaDriver.cuLaunchKernel(
        function("block_positions"), 2, 3, 2, 4, 3, 2, 0, gpu.stream, Gpu.parameters(out), null);
    int[] result = Gpu.downloadInts(out, 2 * 3 * 2 * 4 * 3 * 2);
    for (int i = 0; i < result.length; i++) {
      int thread = i % 24;
      int block = i / 24;
      int expected =
          block % 2
              + 10 * (block / 2 % 3)
              + 100 * (block / 6)
              + 1000 * (thread % 4)
              + 10000 * (thread / 4 % 3)
              + 100000 * (thread / 12);
      assertEquals(expected, result[i]);
    }
  }

  @Test
  void atomicsAndTheLastBlock() {
    CUdeviceptr counter = Gpu.allocate(12);
    JCudaDriver.cuMemsetD32(counter, 0, 3);
    CUdeviceptr sum = Gpu.upload(0f);
    CUdeviceptr ticket = Gpu.allocate(4);
    JCudaDriver.cuMemsetD32(ticket, 0, 1);
    gpu.launch(function("count_atomically"), 50, 64, 0, counter, sum, ticket);
    assertArrayEquals(new int[] {3200, 3199, 3200}, Gpu.downloadInts(counter, 3));
    assertArrayEquals(new float[] {3200f}, Gpu.download(sum, 1));
  }

  @Test
  void vectorTypes() {
    float[] x = random(64);
    CUdeviceptr p = Gpu.upload(x);
    gpu.launch(function("scale4"), 1, 32, 0, p, 3f, 16);
    float[] result = Gpu.download(p, 64);
    for (int i = 0; i < 64; i++) {
      assertEquals(3f * x[i], result[i]);
    }
  }

  @Test
  void constantMemory() {
    CUdeviceptr table = new CUdeviceptr();
    long[] bytes = new long[1];
    JCudaDriver.cuModuleGetGlobal(table, bytes, module, "table");
    assertEquals(16, bytes[0]);
    JCudaDriver.cuMemcpyHtoD(table, Pointer.to(new float[] {4, 3, 2, 1}), 16);
    CUdeviceptr y = Gpu.allocate(16);
    gpu.launch(function("from_table"), 1, 4, 0, y);
    assertArrayEquals(new float[] {4, 3, 2, 1}, Gpu.download(y, 4));
  }

  @Test
  void templatesByNameExpression() {
    nvrtcProgram program = new nvrtcProgram();
    JNvrtc.nvrtcCreateProgram(program, Gpu.source("kernels.cu"), "kernels.cu", 0, null, null);
    String[] expressions = {"activate<0, float>", "activate<1, float>"};
    for (String expression : expressions) {
      JNvrtc.nvrtcAddNameExpression(program, expression);
    }
    CUmodule compiled = Gpu.load(Gpu.compile(program));
    float[] x = {-2f, -0.5f, 0f, 0.5f, 2f};
    for (int i = 0; i < 2; i++) {
      String[] name = new String[1];
      JNvrtc.nvrtcGetLoweredName(program, expressions[i], name);
      CUdeviceptr y = Gpu.allocate(20);
      gpu.launch(Gpu.function(compiled, name[0]), 1, 5, 0, Gpu.upload(x), y, 5);
      float[] result = Gpu.download(y, 5);
      for (int j = 0; j < x.length; j++) {
        double expected = i == 0 ? Math.max(x[j], 0) : Math.tanh(x[j]);
        assertEquals(expected, result[j], 1e-7);
      }
    }
    JCudaDriver.cuModuleUnload(compiled);
    JNvrtc.nvrtcDestroyProgram(program);
  }

  @Test
  void memoryThatNobodyWroteIsNotANumber() {
    CUdeviceptr fresh = Gpu.allocate(12);
    for (float v : Gpu.download(fresh, 3)) {
      assertTrue(Float.isNaN(v), "device memory");
    }
    // A kernel that fills static shared memory runs first: its values must not linger.
    gpu.launch(function("reduce_sum"), 1, 32, 0, Gpu.upload(random(32)), Gpu.allocate(4), 32);
    gpu.launch(function("unwritten"), 1, 32, 128, fresh);
    float[] y = Gpu.download(fresh, 2);
    assertTrue(Float.isNaN(y[0]), "static shared memory");
    assertTrue(Float.isNaN(y[1]), "dynamic shared memory");
  }

  @Test
  void multiplicationAndAdditionFuseUnlessForbidden() {
    float a = 1 + 0x1p-12f;
    float b = 1 + 0x1p-11f;
    CUdeviceptr y = Gpu.allocate(4);
    gpu.launch(function("fused"), 1, 1, 0, y, a, b);
    assertEquals(0x1p-24f, Gpu.download(y, 1)[0]);
    CUmodule strict = Gpu.module("kernels.cu", "--fmad=false");
    gpu.launch(Gpu.function(strict, "fused"), 1, 1, 0, y, a, b);
    assertEquals(0f, Gpu.download(y, 1)[0]);
    JCudaDriver.cuModuleUnload(strict);
  }

  @Test
  void launchesBeyondTheLimitsAreRefused() {
    CUfunction axpy = function("axpy");
    CUdeviceptr p = Gpu.upload(1f);
    refused("CUDA_ERROR_INVALID_VALUE", axpy, 0, 32, 0, p);
    refused("CUDA_ERROR_INVALID_VALUE", axpy, 1, 0, 0, p);
    refused("CUDA_ERROR_INVALID_VALUE", axpy, 1, 1025, 0, p);
    refused("CUDA_ERROR_INVALID_VALUE", axpy, 1, 32, 48 * 1024 + 1, p);
    refused("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", function("reduce_sum"), 1, 257, 0, p);
    int attribute = CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
    JCudaDriver.cuFuncSetAttribute(axpy, attribute, 100 * 1024);
    gpu.launch(axpy, 1, 1, 100 * 1024, p, p, 1f, 1);
    assertEquals(2f, Gpu.download(p, 1)[0]);
    JCudaDriver.cuFuncSetAttribute(axpy, attribute, 48 * 1024);
  }

  private static void refused(
      String error, CUfunction function, int grid, int block, int shared, CUdeviceptr p) {
    CudaException e =
        assertThrows(
            CudaException.class, () -> gpu.launch(function, grid, block, shared, p, p, 1f, 1));
    assertEquals(error, e.getMessage());
  }
}
