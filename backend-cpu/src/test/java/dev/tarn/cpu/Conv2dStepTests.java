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
import dev.tarn.Window2d;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Executable;
import dev.tarn.backend.Schedule;
import dev.tarn.backend.StateStore;
import dev.tarn.internal.RandomStream;
import dev.tarn.ir.Program;
import dev.tarn.reference.ReferenceBackend;
import dev.tarn.transform.Gradient;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Convolutions: how they are done, and how they are divided. */
final class Conv2dStepTests {
  /** y, dx and dw of a convolution whose result is multiplied with {@code dy}. */
  private static Program program(Spec x, Spec w, Window2d window) {
    Trace trace = new Trace();
    Tensor image = trace.input("x", x);
    Tensor kernel = trace.input("w", w);
    Tensor y = image.conv2d(kernel, window);
    trace.output("y", y);
    Tensor loss = y.mul(trace.input("dy", y.spec())).sum();
    List<Tensor> gradients = Gradient.of(loss, List.of(image, kernel));
    trace.output("dx", gradients.get(0));
    trace.output("dw", gradients.get(1));
    return trace.build("test");
  }

  private static HostTensor random(Spec spec, int seed) {
    RandomStream random = new RandomStream(seed, "data");
    HostTensor out = HostTensor.zeros(spec);
    for (int i = 0; i < out.size(); i++) {
      out.set(i, random.nextGaussian());
    }
    return out;
  }

  /** Layers of common networks: never oneDNN's plain loops, forward or backward. */
  @ParameterizedTest
  @CsvSource({
    "64,1,28,32,5,1,2,1,1",
    "64,32,14,64,5,1,2,1,1",
    "32,1,8,16,3,1,1,1,1",
    "32,16,8,32,3,1,1,1,1",
    "64,3,32,64,3,1,1,1,1",
    "64,64,32,64,3,1,1,1,1",
    "64,128,16,256,3,1,1,1,1",
    "8,3,64,64,7,2,3,1,1",
    "8,64,16,256,1,1,0,1,1",
    "8,64,16,128,1,2,0,1,1",
    "8,64,16,128,3,2,1,1,1",
    "8,32,16,32,3,1,1,1,32",
    "8,32,16,32,3,2,1,1,32",
    "8,32,16,64,3,1,1,1,4",
    "8,16,16,16,3,1,2,2,1",
    "1,16,28,20,5,1,0,1,1",
    "8,10,9,7,3,1,1,1,1"
  })
  void isNeverAReferenceImplementation(
      int n, int c, int size, int o, int kernel, int stride, int pad, int dilation, int groups) {
    Window2d window =
        Window2d.UNIT
            .stride(stride, stride)
            .padding(pad, pad, pad, pad)
            .dilation(dilation, dilation)
            .groups(groups);
    Spec x = Spec.f32(n, c, size, size);
    Program program = program(x, Spec.f32(o, c / groups, kernel, kernel), window);
    List<String> how = new ArrayList<>();
    try (Dnnl dnnl = new Dnnl();
        Team team = new Team(2, dnnl::limitThisThread);
        CpuStateStore store = new CpuStateStore(List.<State>of());
        CpuPlan plan = new CpuPlan(List.of(program), store, dnnl, team, Precision.FP32, false)) {
      for (Schedule.Entry<Step> entry : plan.schedule().entries()) {
        if (entry.step() instanceof Conv2dStep step) {
          how.add(step.how());
        }
      }
    }
    assertEquals(3, how.size());
    assertFalse(how.stream().anyMatch(h -> h.isEmpty() || h.contains("ref")), how.toString());
  }

  /** Batches that threads divide evenly, unevenly and not at all. */
  @ParameterizedTest
  @CsvSource({"1,3", "2,3", "3,2", "7,3", "8,4", "7,1"})
  void equalsTheReferenceForAnyNumberOfThreads(int n, int threads) {
    Window2d window = Window2d.UNIT.padding(1, 1, 1, 1).groups(2);
    Spec x = Spec.f32(n, 32, 15, 17);
    Spec w = Spec.f32(32, 16, 3, 3);
    Program program = program(x, w, window);
    HostTensor[] in = {random(x, 1), random(w, 2), random(Spec.f32(n, 32, 15, 17), 3)};
    List<HostTensor> expected;
    try (Backend reference = ReferenceBackend.inDouble();
        StateStore store = reference.allocate(List.<State>of());
        Executable executable = reference.compile(List.of(program), store)) {
      executable.run(in);
      expected = executable.read();
    }
    System.setProperty("tarn.threads", String.valueOf(threads));
    try (CpuBackend backend = new CpuBackend();
        StateStore store = backend.allocate(List.<State>of());
        Executable executable = backend.compile(List.of(program), store)) {
      executable.run(in);
      List<HostTensor> first = executable.read().stream().map(HostTensor::copy).toList();
      executable.run(in);
      assertEquals(first, executable.read());
      double[] bounds = {1e-4, 1e-4, 1e-3};
      for (int i = 0; i < expected.size(); i++) {
        HostTensor want = expected.get(i);
        assertEquals(want.shape(), first.get(i).shape());
        for (int j = 0; j < want.size(); j++) {
          assertEquals(want.get(j), first.get(i).get(j), bounds[i]);
        }
      }
    } finally {
      System.clearProperty("tarn.threads");
    }
  }

  @Test
  void emptyBatch() {
    Spec x = Spec.f32(0, 3, 5, 5);
    Spec w = Spec.f32(4, 3, 3, 3);
    try (CpuBackend backend = new CpuBackend();
        StateStore store = backend.allocate(List.<State>of());
        Executable executable = backend.compile(List.of(program(x, w, Window2d.UNIT)), store)) {
      executable.run(random(x, 1), random(w, 2), HostTensor.zeros(Spec.f32(0, 4, 3, 3)));
      HostTensor dw = executable.read().get(2);
      assertEquals(HostTensor.zeros(w), dw);
      assertTrue(dw.size() > 0);
    }
  }
}
