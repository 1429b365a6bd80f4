package dev.tarn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.HostTensor;
import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.State;
import dev.tarn.Tensor;
import dev.tarn.Trace;
import dev.tarn.backend.Executable;
import dev.tarn.backend.Schedule;
import dev.tarn.backend.StateStore;
import dev.tarn.ir.MatMul;
import dev.tarn.ir.Program;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Matrix products: how they are done, and what is absorbed. */
final class MatMulStepTests {
  private static float[] random(int size, int seed) {
    Random random = new Random(seed);
    float[] out = new float[size];
    for (int i = 0; i < size; i++) {
      out[i] = (float) random.nextGaussian();
    }
    return out;
  }

  /** The shapes of a step of training, all ways of transposition: never oneDNN's plain loops. */
  @ParameterizedTest
  @CsvSource({
    "64,784,512",
    "64,512,256",
    "64,256,10",
    "512,784,512",
    "10,64,256",
    "512,64,784",
    "1,784,10",
    "64,10,256",
    "33,17,9",
    "3,1,5"
  })
  void isNeverAReferenceImplementation(int m, int k, int n) {
    try (CpuBackend backend = new CpuBackend();
        Dnnl dnnl = new Dnnl();
        Team team = new Team(2, dnnl::limitThisThread)) {
      assertTrue(backend.description().startsWith("oneDNN 3."), backend.description());
      for (int way = 0; way < 4; way++) {
        boolean transposeA = way % 2 == 1;
        boolean transposeB = way / 2 == 1;
        Trace trace = new Trace();
        Tensor a = trace.input("a", transposeA ? Spec.f32(k, m) : Spec.f32(m, k));
        Tensor b = trace.input("b", transposeB ? Spec.f32(n, k) : Spec.f32(k, n));
        Tensor bias = trace.input("bias", Spec.f32(n));
        trace.output("y", a.matmul(b, transposeA, transposeB).add(bias));
        Program program = trace.build("test");
        try (CpuStateStore store = new CpuStateStore(List.<State>of());
            CpuPlan plan =
                new CpuPlan(List.of(program), store, dnnl, team, Precision.FP32, false)) {
          List<Schedule.Entry<Step>> entries = plan.schedule().entries();
          assertEquals(1, entries.size(), "the bias is part of the product");
          String how = entries.get(0).step().how();
          assertFalse(how.isEmpty() || how.contains("ref"), how);
        }
      }
    }
  }

  /** Blocks of rows or columns, with and without bias, against sums in double. */
  @ParameterizedTest
  @CsvSource({
    "64,200,300,1",
    "64,200,300,2",
    "64,200,300,3",
    "300,64,70,2",
    "300,64,70,3",
    "257,33,129,4",
    "17,1000,1,2",
    "1,1000,40,3"
  })
  void equalsSumsInDouble(int m, int k, int n, int threads) {
    float[] a = random(m * k, 1);
    float[] b = random(k * n, 2);
    float[] bias = random(n, 3);
    System.setProperty("tarn.threads", String.valueOf(threads));
    try (CpuBackend backend = new CpuBackend();
        StateStore store = backend.allocate(List.<State>of())) {
      for (int way = 0; way < 4; way++) {
        boolean transposeA = way % 2 == 1;
        boolean transposeB = way / 2 == 1;
        Trace trace = new Trace();
        Tensor x = trace.input("a", transposeA ? Spec.f32(k, m) : Spec.f32(m, k));
        Tensor y = trace.input("b", transposeB ? Spec.f32(n, k) : Spec.f32(k, n));
        Tensor z = trace.input("bias", Spec.f32(1, n));
        trace.output("plain", x.matmul(y, transposeA, transposeB));
        trace.output("biased", z.add(trace.add(new MatMul(transposeA, transposeB), x, y).get(0)));
        try (Executable executable = backend.compile(List.of(trace.build("test")), store)) {
          executable.run(
              HostTensor.of(a, x.shape()), HostTensor.of(b, y.shape()), HostTensor.of(bias, 1, n));
          List<HostTensor> results = executable.read();
          for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
              double sum = 0;
              double size = 0;
              for (int p = 0; p < k; p++) {
                double term =
                    (double) a[transposeA ? p * m + i : i * k + p]
                        * b[transposeB ? j * k + p : p * n + j];
                sum += term;
                size += Math.abs(term);
              }
              // Each of the additions rounds once, relative to what is summed so far.
              double bound = (size + 1) * 1e-6;
              assertEquals(sum, results.get(0).floats()[i * n + j], bound);
              assertEquals(sum + bias[j], results.get(1).floats()[i * n + j], bound);
            }
          }
        }
      }
    } finally {
      System.clearProperty("tarn.threads");
    }
  }

  /** A product that is needed without its bias too keeps both. */
  @Test
  void productUsedTwiceIsNotAbsorbed() {
    Trace trace = new Trace();
    Tensor a = trace.input("a", Spec.f32(2, 2));
    Tensor product = a.matmul(a);
    trace.output("product", product);
    trace.output("biased", product.add(trace.input("b", Spec.f32(2))));
    try (CpuBackend backend = new CpuBackend();
        StateStore store = backend.allocate(List.<State>of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(
          HostTensor.of(new float[] {1, 2, 3, 4}, 2, 2), HostTensor.of(new float[] {10, 20}, 2));
      assertEquals(HostTensor.of(new float[] {7, 10, 15, 22}, 2, 2), executable.read().get(0));
      assertEquals(HostTensor.of(new float[] {17, 30, 25, 42}, 2, 2), executable.read().get(1));
    }
  }

  /** NaN passes through a layer's ReLU, which oneDNN's own would turn into 0. */
  @Test
  void reluAfterProductKeepsNaN() {
    Trace trace = new Trace();
    Tensor a = trace.input("a", Spec.f32(2, 2));
    trace.output("y", a.matmul(a).add(trace.input("b", Spec.f32(2))).relu());
    try (CpuBackend backend = new CpuBackend();
        StateStore store = backend.allocate(List.<State>of());
        Executable executable = backend.compile(List.of(trace.build("test")), store)) {
      executable.run(
          HostTensor.of(new float[] {Float.NaN, 0, 0, -1}, 2, 2),
          HostTensor.of(new float[] {0, 0}, 2));
      float[] y = executable.read().get(0).floats();
      assertTrue(Float.isNaN(y[0]) && Float.isNaN(y[1]) && Float.isNaN(y[2]));
      assertEquals(1f, y[3]);
    }
  }
}
