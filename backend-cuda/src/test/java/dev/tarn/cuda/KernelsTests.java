package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.Precision;
import dev.tarn.Spec;
import dev.tarn.Tensor;
import dev.tarn.Window2d;
import dev.tarn.cuda.driver.KernelCompileException;
import dev.tarn.ir.BatchNorm;
import dev.tarn.testkit.CaseRun;
import dev.tarn.testkit.Fill;
import dev.tarn.testkit.OpCase;
import dev.tarn.testkit.Swish;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is compiled, and when, in a cache that was empty. */
class KernelsTests {
  private static final String CACHE = "tarn.cache";

  @TempDir Path directory;
  private final @Nullable String before = System.getProperty(CACHE);
  @AutoClose private CudaBackend backend = (CudaBackend) CudaDevice.open();

  @BeforeEach
  void beginWithNothing() {
    backend.close();
    System.setProperty(CACHE, directory.toString());
    backend = (CudaBackend) CudaDevice.open();
  }

  @AfterEach
  void restore() {
    CaseChecks.restore(CACHE, before);
  }

  private int compiled() throws IOException {
    try (Stream<Path> all = Files.list(directory.resolve("kernels"))) {
      return (int) all.filter(file -> file.toString().endsWith(".kernel")).count();
    }
  }

  private static String text(String name) {
    return "extern \"C\" __global__ void " + name + "(float *x) { x[threadIdx.x] = 1; }\n";
  }

  private LazyKernel file(String name, String text) {
    CudaSource source = new CudaSource(name + ".cu", text, List.of(), Map.of());
    return backend.kernels().of(source, name);
  }

  @Test
  void whatWasRequestedIsCompiledWithTheFirstThatIsGot() throws IOException {
    Kernels kernels = backend.kernels();
    List<LazyKernel> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      all.add(file("source" + i, text("source" + i)));
    }
    // Generated kernels are one source.
    all.add(kernels.generated("one", text("one")));
    all.add(kernels.generated("two", text("two")));
    all.forEach(LazyKernel::request);
    assertEquals(0, compiled());
    assertEquals("two", all.get(9).get().name());
    assertEquals(9, compiled());
    all.forEach(LazyKernel::request);
    assertEquals("source3", all.get(3).get().name());
    assertEquals(9, compiled());
  }

  @Test
  void whoGetsAKernelThatDoesNotCompileLearnsWhyAndTheOthersAreThere() throws IOException {
    LazyKernel bad = file("bad", text("bad").replace("float", "flaot"));
    LazyKernel good = file("good", text("good"));
    bad.request();
    good.request();
    backend.kernels().compileRequested();
    assertEquals(1, compiled());
    assertEquals("good", good.get().name());
    assertEquals(1, backend.kernels().compilations());
    for (int i = 0; i < 2; i++) {
      KernelCompileException e = assertThrows(KernelCompileException.class, bad::get);
      assertTrue(e.getMessage().startsWith("bad.cu does not compile: bad.cu(1"), e.getMessage());
    }
  }

  @Test
  void anotherThreadGetsAKernelThatIsThere() throws Exception {
    LazyKernel kernel = file("source", text("source"));
    kernel.get();
    CompletableFuture<String> name = new CompletableFuture<>();
    new Thread(() -> name.completeAsync(() -> kernel.get().name(), Runnable::run)).start();
    assertEquals("source", name.get());
  }

  /** Tapes, a batch of them, convolutions with their sums, and an operation of a user. */
  @Test
  void aPlanCompilesAllAtOnce() {
    OpCase opCase =
        OpCase.named("all kinds of kernels")
            .by("x", Spec.f32(2, 8, 6, 6), Fill.normal(1))
            .by("w", Spec.f32(8, 8, 3, 3), Fill.normal(0.2))
            .by("scale", Spec.f32(8), Fill.normal(1))
            .by("bias", Spec.f32(8), Fill.normal(1))
            .program(
                (trace, in) -> {
                  Tensor h = in[0].conv2d(in[1], Window2d.UNIT.padding(1, 1, 1, 1));
                  h = trace.add(new BatchNorm(1e-5), h, in[2], in[3]).get(0).relu();
                  return List.of(Swish.of(h, 1).softmax().mean(2, 3));
                })
            .gradient()
            .steps(1);
    CaseRun.of(backend, opCase, Precision.BF16);
    assertEquals(1, backend.kernels().compilations());
  }

  /** Candidates that no one measures are not compiled. */
  @Test
  void ofATunedStepOnlyWhatIsTriedIsCompiled() throws IOException {
    OpCase opCase =
        OpCase.named("convolution")
            .input("x", Spec.f32(1, 8, 4, 4), Fill.normal(1))
            .input("w", Spec.f32(128, 8, 1, 1), Fill.normal(1))
            .program((trace, in) -> List.of(in[0].conv2d(in[1], Window2d.UNIT)));
    CaseChecks.with(Tuner.PROPERTY, "0", backend, opCase, Precision.BF16);
    int fixed = compiled();
    String before = System.clearProperty(Tuner.PROPERTY);
    try {
      CaseRun.of(backend, opCase, Precision.BF16);
      assertEquals(fixed + 3, compiled());
      assertEquals(2, backend.kernels().compilations());
    } finally {
      CaseChecks.restore(Tuner.PROPERTY, before);
    }
  }
}
