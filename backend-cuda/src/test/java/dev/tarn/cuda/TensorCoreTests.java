package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tarn.HostTensor;
import dev.tarn.Spec;
import dev.tarn.cuda.driver.DeviceMemory;
import dev.tarn.cuda.driver.HostArena;
import dev.tarn.cuda.driver.Launch;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The device functions of {@code tensor_core.cuh} against loops in double. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TensorCoreTests {
  private static final String FILE = "tensor_core_test.cu";
  private static final int ROWS = 16;
  private static final int COLUMNS = 8;

  @AutoClose private final CudaBackend backend = (CudaBackend) CudaDevice.open();

  @BeforeAll
  void hasTensorCores() {
    assumeTrue(backend.kernels().hasTensorCores(), "this GPU has no tensor cores for bf16");
  }

  private float[] run(String kernel, int results, List<Integer> numbers, float[]... inputs) {
    List<DeviceMemory> memory = new ArrayList<>();
    try (HostArena arena = HostArena.create(backend.context())) {
      Launch launch =
          new Launch(
              backend.kernels().of(FILE, kernel).get(), arena, inputs.length + 1 + numbers.size());
      launch.grid(1).block(32);
      for (float[] input : inputs) {
        DeviceMemory device = DeviceMemory.allocate(backend.context(), 4L * input.length);
        memory.add(device);
        backend.transfers().toDevice(device.address(), HostTensor.of(input, input.length));
        launch.set(memory.size() - 1, device.address());
      }
      DeviceMemory out = DeviceMemory.allocate(backend.context(), 4L * results);
      memory.add(out);
      launch.set(inputs.length, out.address());
      for (int i = 0; i < numbers.size(); i++) {
        launch.set(inputs.length + 1 + i, numbers.get(i));
      }
      launch.enqueue(backend.stream());
      HostTensor result = HostTensor.zeros(Spec.f32(results));
      backend.transfers().toHost(result, out.address());
      return result.floats();
    } finally {
      memory.forEach(DeviceMemory::close);
    }
  }

  private static float[] random(int n, int keptBits) {
    Random random = new Random(n);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      int bits = Float.floatToRawIntBits((float) random.nextGaussian());
      values[i] = Float.intBitsToFloat(bits & -1 << 23 - keptBits);
    }
    return values;
  }

  /**
   * Factors that the formats hold exactly: only the order of sums differs, and that units cut sums
   * off where a float would be rounded.
   */
  private void product(String kernel, int depth, int bits) {
    float[] a = random(ROWS * depth, bits);
    float[] b = random(depth * COLUMNS, bits);
    float[] c = run(kernel, 3 * ROWS * COLUMNS, List.of(), a, b);
    for (int i = 0; i < c.length; i++) {
      int row = i / COLUMNS % ROWS;
      int column = i % COLUMNS;
      double sum = 0;
      for (int k = 0; k < depth; k++) {
        sum += (double) a[row * depth + k] * b[k * COLUMNS + column];
      }
      assertEquals(sum, c[i], 1e-4, "way " + i / (ROWS * COLUMNS) + " at " + row + "," + column);
    }
  }

  @Test
  void bf16FragmentsLieAsTheHeaderSays() {
    product("products_bf16", 16, 7);
  }

  @Test
  void tf32FragmentsLieAsTheHeaderSays() {
    product("products_tf32", 8, 10);
  }

  @Test
  void copiesHaveArrivedWhenWaitedFor() {
    float[] x = random(128, 23);
    float[] y = run("copies", 3 * 128, List.of(), x);
    for (int i = 0; i < 128; i++) {
      assertEquals(x[127 - i], y[i]);
      assertEquals(x[127 - i], y[128 + i]);
      assertEquals(0, y[256 + i]);
    }
  }

  /** Numbers around ties, found by hand: 7 bits of mantissa to even, 10 bits away from zero. */
  @Test
  void numbersAreRounded() {
    float[] x = {
      1 + 0x1p-8f,
      1 + 0x3p-8f,
      1 + 0x1p-8f + 0x1p-20f,
      -1 - 0x1p-8f,
      1 + 0x1p-11f,
      -1 - 0x1p-11f,
      Float.MAX_VALUE,
      Float.NEGATIVE_INFINITY,
      0x1p-149f,
      -0f
    };
    float[] bf16 = {
      1,
      1 + 0x1p-6f,
      1 + 0x1p-7f,
      -1,
      1,
      -1,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      0,
      -0f
    };
    float[] tf32 = {
      1 + 0x1p-8f,
      1 + 0x3p-8f,
      1 + 0x1p-8f,
      -1 - 0x1p-8f,
      1 + 0x1p-10f,
      -1 - 0x1p-10f,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      0,
      -0f
    };
    float[] expected = new float[2 * x.length];
    System.arraycopy(bf16, 0, expected, 0, x.length);
    System.arraycopy(tf32, 0, expected, x.length, x.length);
    assertArrayEquals(expected, run("roundings", 2 * x.length, List.of(x.length), x));
    float[] nan = run("roundings", 2, List.of(1), new float[] {Float.NaN});
    assertTrue(Float.isNaN(nan[0]) && Float.isNaN(nan[1]));
  }
}
