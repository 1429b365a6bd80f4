package dev.tarn.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The matrix products of cuBLAS, against loops in double. */
class GemmTests {

  private static final int F32 = cudaDataType.CUDA_R_32F;

  private Gpu gpu;
  private final cublasHandle handle = new cublasHandle();

  @BeforeEach
  void open() {
    gpu = new Gpu();
    JCublas2.cublasCreate(handle);
    JCublas2.cublasSetStream(handle, new cudaStream_t(gpu.stream));
  }

  @AfterEach
  void close() {
    if (gpu != null) {
      JCublas2.cublasDestroy(handle);
      gpu.close();
    }
  }

  private static float[] random(int n, long seed) {
    Random random = new Random(seed);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Column-major alpha op(A) op(B) + beta C in double. */
  private static double[] reference(
      boolean ta,
      boolean tb,
      int m,
      int n,
      int k,
      float[] a,
      int lda,
      float[] b,
      int ldb,
      double alpha,
      double beta,
      float[] c,
      int ldc) {
    double[] result = new double[c.length];
    for (int i = 0; i < c.length; i++) {
      result[i] = c[i];
    }
    for (int j = 0; j < n; j++) {
      for (int i = 0; i < m; i++) {
        double sum = 0;
        for (int p = 0; p < k; p++) {
          sum += (double) a[ta ? i * lda + p : p * lda + i] * b[tb ? p * ldb + j : j * ldb + p];
        }
        result[j * ldc + i] = alpha * sum + beta * c[j * ldc + i];
      }
    }
    return result;
  }

  private int gemmEx(
      boolean ta,
      boolean tb,
      int m,
      int n,
      int k,
      float alpha,
      CUdeviceptr a,
      int aType,
      int lda,
      CUdeviceptr b,
      int ldb,
      float beta,
      CUdeviceptr c,
      int cType,
      int ldc,
      int compute) {
    return JCublas2.cublasGemmEx_new(
        handle,
        ta ? 1 : 0,
        tb ? 1 : 0,
        m,
        n,
        k,
        Pointer.to(new float[] {alpha}),
        a,
        aType,
        lda,
        b,
        aType,
        ldb,
        Pointer.to(new float[] {beta}),
        c,
        cType,
        ldc,
        compute,
        -1);
  }

  @Test
  void everyTranspositionAtAwkwardSizes() {
    int[][] sizes = {{1, 1, 1}, {3, 17, 33}, {16, 12, 5}, {33, 13, 257}, {129, 100, 64}};
    for (int[] size : sizes) {
      int m = size[0];
      int n = size[1];
      int k = size[2];
      for (int t = 0; t < 4; t++) {
        boolean ta = (t & 1) != 0;
        boolean tb = (t & 2) != 0;
        int lda = (ta ? k : m) + 2;
        int ldb = (tb ? n : k) + 1;
        int ldc = m + 3;
        float[] a = random(lda * (ta ? m : k), 1);
        float[] b = random(ldb * (tb ? k : n), 2);
        float[] c = random(ldc * n, 3);
        CUdeviceptr dc = Gpu.upload(c);
        gemmEx(
            ta,
            tb,
            m,
            n,
            k,
            1.5f,
            Gpu.upload(a),
            F32,
            lda,
            Gpu.upload(b),
            ldb,
            0.5f,
            dc,
            F32,
            ldc,
            cublasComputeType.CUBLAS_COMPUTE_32F);
        double[] expected = reference(ta, tb, m, n, k, a, lda, b, ldb, 1.5, 0.5, c, ldc);
        float[] result = Gpu.download(dc, c.length);
        for (int i = 0; i < c.length; i++) {
          assertEquals(
              expected[i], result[i], 1e-6 * k + 1e-5, m + "x" + n + "x" + k + ", case " + t);
        }
      }
    }
  }

  @Test
  void betaZeroDoesNotReadTheResult() {
    CUdeviceptr c = Gpu.allocate(4); // NaN
    CUdeviceptr two = Gpu.upload(2f);
    gemmEx(
        false,
        false,
        1,
        1,
        1,
        1f,
        two,
        F32,
        1,
        two,
        1,
        0f,
        c,
        F32,
        1,
        cublasComputeType.CUBLAS_COMPUTE_32F);
    assertArrayEquals(new float[] {4f}, Gpu.download(c, 1));
  }

  @Test
  void tf32KeepsTenBitsOfTheMantissa() {
    // 1 + 2^-10 is a tf32 number; 2^-11 more is a tie and goes away from zero; less is lost.
    float[] inputs = {1 + 0x1p-10f, 1 + 0x1p-11f, 1 + 0x1p-12f};
    float[] rounded = {1 + 0x1p-10f, 1 + 0x1p-10f, 1f};
    CUdeviceptr one = Gpu.upload(1f);
    for (int i = 0; i < inputs.length; i++) {
      CUdeviceptr x = Gpu.upload(inputs[i]);
      CUdeviceptr c = Gpu.allocate(4);
      gemmEx(
          false,
          false,
          1,
          1,
          1,
          1f,
          x,
          F32,
          1,
          one,
          1,
          0f,
          c,
          F32,
          1,
          cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32);
      assertEquals(rounded[i], Gpu.download(c, 1)[0]);
      gemmEx(
          false,
          false,
          1,
          1,
          1,
          1f,
          x,
          F32,
          1,
          one,
          1,
          0f,
          c,
          F32,
          1,
          cublasComputeType.CUBLAS_COMPUTE_32F);
      assertEquals(inputs[i], Gpu.download(c, 1)[0]);
    }
  }

  @Test
  void bf16InputsAndResults() {
    short[] a = {(short) 0x3fc0, (short) 0x4000}; // 1.5, 2
    CUdeviceptr da = Gpu.allocate(4);
    JCudaDriver.cuMemcpyHtoD(da, Pointer.to(a), 4);
    CUdeviceptr c = Gpu.allocate(4);
    int bf16 = cudaDataType.CUDA_R_16BF;
    int compute = cublasComputeType.CUBLAS_COMPUTE_32F;
    gemmEx(true, false, 1, 1, 2, 1f, da, bf16, 2, da, 2, 0f, c, F32, 1, compute);
    assertEquals(6.25f, Gpu.download(c, 1)[0]);
    JCudaDriver.cuMemsetD32(c, 0, 1);
    gemmEx(true, false, 1, 1, 2, 1f, da, bf16, 2, da, 2, 0f, c, bf16, 1, compute);
    assertEquals(0x40c8, Gpu.downloadInts(c, 1)[0]); // 6.25
  }

  @Test
  void batchesWithStrides() {
    int m = 5;
    int n = 4;
    int k = 3;
    int batch = 6;
    float[] a = random(m * k * batch, 4);
    float[] b = random(k * n, 5); // one for all
    CUdeviceptr c = Gpu.allocate(4L * m * n * batch);
    JCublas2.cublasGemmStridedBatchedEx_new(
        handle,
        0,
        0,
        m,
        n,
        k,
        Pointer.to(new float[] {1f}),
        Gpu.upload(a),
        F32,
        m,
        (long) m * k,
        Gpu.upload(b),
        F32,
        k,
        0,
        Pointer.to(new float[] {0f}),
        c,
        F32,
        m,
        (long) m * n,
        batch,
        cublasComputeType.CUBLAS_COMPUTE_32F,
        -1);
    float[] result = Gpu.download(c, m * n * batch);
    for (int q = 0; q < batch; q++) {
      float[] one = Arrays.copyOfRange(a, q * m * k, (q + 1) * m * k);
      double[] expected = reference(false, false, m, n, k, one, m, b, k, 1, 0, new float[m * n], m);
      for (int i = 0; i < m * n; i++) {
        assertEquals(expected[i], result[q * m * n + i], 1e-6);
      }
    }
  }

  @Test
  void combinationsThatCublasLacksAreRefused() {
    CUdeviceptr p = Gpu.upload(1f);
    JCublas2.setExceptionsEnabled(false);
    try {
      int wrong = cublasComputeType.CUBLAS_COMPUTE_64F;
      assertEquals(
          cublasStatus.CUBLAS_STATUS_NOT_SUPPORTED,
          gemmEx(false, false, 1, 1, 1, 1f, p, F32, 1, p, 1, 0f, p, F32, 1, wrong));
      // cudaDataType where a compute type belongs.
      assertEquals(
          cublasStatus.CUBLAS_STATUS_NOT_SUPPORTED,
          gemmEx(false, false, 1, 1, 1, 1f, p, F32, 1, p, 1, 0f, p, F32, 1, F32));
      int f32 = cublasComputeType.CUBLAS_COMPUTE_32F;
      assertEquals(
          cublasStatus.CUBLAS_STATUS_INVALID_VALUE,
          gemmEx(false, false, 2, 1, 1, 1f, p, F32, 1, p, 1, 0f, p, F32, 2, f32));
    } finally {
      JCublas2.setExceptionsEnabled(true);
    }
  }
}
