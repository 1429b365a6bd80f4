package dev.tarn.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Matrix products against plain loops in double. */
class CublasTests {
  private final Random random = new Random(1);
  private Gpu gpu;
  private Cublas cublas;

  @BeforeEach
  void open() {
    gpu = new Gpu();
    cublas = Cublas.create(gpu.context, gpu.stream);
  }

  @AfterEach
  void close() {
    // Null where the test was skipped before it began.
    if (gpu != null) {
      cublas.close();
      gpu.close();
    }
  }

  private float[] gaussians(int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double[] reference(
      GemmShape s, double alpha, float[] a, float[] b, double beta, float[] c) {
    double[] result = new double[c.length];
    for (int i = 0; i < c.length; i++) {
      result[i] = c[i];
    }
    for (int q = 0; q < s.batch(); q++) {
      for (int i = 0; i < s.m(); i++) {
        for (int j = 0; j < s.n(); j++) {
          double sum = 0;
          for (int p = 0; p < s.k(); p++) {
            int x = s.transposeA() ? p * s.lda() + i : i * s.lda() + p;
            int y = s.transposeB() ? j * s.ldb() + p : p * s.ldb() + j;
            sum += (double) a[(int) (q * s.strideA()) + x] * b[(int) (q * s.strideB()) + y];
          }
          int z = (int) (q * s.strideC()) + i * s.ldc() + j;
          result[z] = alpha * sum + (beta == 0 ? 0 : beta * c[z]);
        }
      }
    }
    return result;
  }

  private void check(GemmShape shape, float alpha, float beta) {
    int rowsA = shape.transposeA() ? shape.k() : shape.m();
    int rowsB = shape.transposeB() ? shape.n() : shape.k();
    int last = shape.batch() - 1;
    float[] a = gaussians((int) (last * shape.strideA()) + rowsA * shape.lda());
    float[] b = gaussians((int) (last * shape.strideB()) + rowsB * shape.ldb());
    float[] c = gaussians((int) (last * shape.strideC()) + shape.m() * shape.ldc());
    double[] expected = reference(shape, alpha, a, b, beta, c);
    try (DeviceMemory onA = gpu.upload(a);
        DeviceMemory onB = gpu.upload(b);
        DeviceMemory onC = gpu.upload(c)) {
      cublas
          .gemm(
              shape,
              Gemm.Type.F32,
              Gemm.Type.F32,
              Gemm.Compute.F32,
              alpha,
              onA.address(),
              onB.address(),
              beta,
              onC.address())
          .enqueue(gpu.stream);
      float[] actual = gpu.floats(onC);
      for (int i = 0; i < actual.length; i++) {
        assertEquals(expected[i], actual[i], 1e-5 * Math.sqrt(shape.k()) + 1e-6, shape + " " + i);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "3, 5, 7, false, false",
    "3, 5, 7, false, true",
    "3, 5, 7, true, false",
    "3, 5, 7, true, true",
    "1, 1, 1, false, false",
    "1, 33, 17, true, false",
    "33, 1, 17, false, true"
  })
  void denseRowMajorProducts(int m, int n, int k, boolean transposeA, boolean transposeB) {
    GemmShape shape = GemmShape.of(m, n, k, transposeA, transposeB);
    check(shape, 1, 0);
    check(shape, -0.5f, 2);
  }

  @Test
  void rowsApartAndBatches() {
    check(GemmShape.of(3, 5, 7, true, false).withLeading(4, 6, 9), 1, 1);
    check(GemmShape.of(3, 5, 7, false, true).withLeading(8, 10, 6), 1, 0);
    check(GemmShape.of(3, 5, 7, false, false).batched(4, 21, 35, 15), 1, 0);
    check(GemmShape.of(3, 5, 7, true, true).batched(3, 0, 40, 17), 2, 0.5f);
  }

  @Test
  void betaZeroDoesNotReadTheResult() {
    try (DeviceMemory a = gpu.upload(1, 2);
        DeviceMemory b = gpu.upload(3, 4);
        DeviceMemory c = gpu.upload(Float.NaN)) {
      gemm(GemmShape.of(1, 1, 2, false, false), Gemm.Compute.F32, a, b, c).enqueue(gpu.stream);
      assertArrayEquals(new float[] {11}, gpu.floats(c));
      gemm(GemmShape.of(1, 1, 2, false, true), Gemm.Compute.TF32, a, b, c).enqueue(gpu.stream);
      assertArrayEquals(new float[] {11}, gpu.floats(c), "small integers are exact in tf32");
    }
  }

  private Gemm gemm(
      GemmShape shape, Gemm.Compute compute, DeviceMemory a, DeviceMemory b, DeviceMemory c) {
    return cublas.gemm(
        shape, Gemm.Type.F32, Gemm.Type.F32, compute, 1, a.address(), b.address(), 0, c.address());
  }

  /** The bits of the bf16 numbers 1.5, -2, 0.25 and 3 by hand: sign, 8 bits exponent, 7 bits. */
  @Test
  void brainFloats() {
    short[] values = {0x3fc0, (short) 0xc000, 0x3e80, 0x4040};
    ByteBuffer packed = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
    packed.asShortBuffer().put(values);
    try (DeviceMemory a = gpu.upload(packed.getFloat(0), packed.getFloat(4));
        DeviceMemory c = gpu.upload(0, 0, 0, 0);
        DeviceMemory half = gpu.upload(0, 0)) {
      GemmShape shape = GemmShape.of(2, 2, 2, false, true);
      for (Gemm.Type output : Gemm.Type.values()) {
        long target = (output == Gemm.Type.F32 ? c : half).address();
        cublas
            .gemm(
                shape,
                Gemm.Type.BF16,
                output,
                Gemm.Compute.F32,
                1,
                a.address(),
                a.address(),
                0,
                target)
            .enqueue(gpu.stream);
      }
      assertArrayEquals(new float[] {6.25f, -5.625f, -5.625f, 9.0625f}, gpu.floats(c));
      ByteBuffer result = gpu.download(half.address(), 8);
      assertEquals((short) 0x40c8, result.getShort(0), "6.25");
      assertEquals((short) 0xc0b4, result.getShort(2), "-5.625");
      assertEquals((short) 0x4111, result.getShort(6), "9.0625");
    }
  }

  @Test
  void productsAreCapturedAndMoveBetweenStreams() {
    try (DeviceMemory a = gpu.upload(1, 2, 3, 4);
        DeviceMemory c = gpu.upload(0, 0, 0, 0);
        Stream other = Stream.create(gpu.context)) {
      Gemm gemm = gemm(GemmShape.of(2, 2, 2, false, false), Gemm.Compute.F32, a, a, c);
      gemm.enqueue(other);
      other.synchronize();
      assertArrayEquals(new float[] {7, 10, 15, 22}, gpu.floats(c));
      gemm.enqueue(gpu.stream);
      try (Graph graph = gpu.stream.capture(() -> gemm.enqueue(gpu.stream))) {
        gpu.stream.fill(c.address(), (byte) 0, 16);
        graph.enqueue(gpu.stream);
        assertArrayEquals(new float[] {7, 10, 15, 22}, gpu.floats(c));
      }
    }
  }

  @Test
  void invalidShapesAndTypesAreNamed() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> GemmShape.of(3, 5, 7, true, false).withLeading(2, 5, 5));
    assertTrue(e.getMessage().startsWith("invalid gemm [7,3]^T x [7,5], lda 2"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> GemmShape.of(0, 1, 1, false, false));
    GemmShape square = GemmShape.of(2, 2, 2, false, false);
    assertThrows(IllegalArgumentException.class, () -> square.batched(2, 4, 4, 3));
    assertThrows(
        IllegalArgumentException.class,
        () -> cublas.gemm(square, Gemm.Type.F32, Gemm.Type.BF16, Gemm.Compute.F32, 1, 1, 1, 0, 1));
    assertTrue(cublas.version() >= 120000, "version " + cublas.version());
  }

  @Test
  void everyStatusIsChecked() {
    CudaException e = Cublas.failure(15, "gemm [2,3] x [3,4]");
    assertEquals("gemm [2,3] x [3,4]: CUBLAS_STATUS_NOT_SUPPORTED (15)", e.getMessage());
  }
}
