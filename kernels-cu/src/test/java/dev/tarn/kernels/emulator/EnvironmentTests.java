package dev.tarn.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the TARN_EMULATOR_* variables change. */
class EnvironmentTests {

  @TempDir private Path temp;

  @BeforeAll
  static void build() {
    Emulator.require();
  }

  private static void assertLines(Child.Result result, String... lines) {
    assertEquals(0, result.exit(), result.output());
    List<String> output = result.output().lines().toList();
    for (String line : lines) {
      assertTrue(output.contains(line), line + "\n" + result.output());
    }
  }

  @Test
  void noDevice() throws IOException, InterruptedException {
    assertLines(
        Child.run("devices", Map.of("TARN_EMULATOR_DEVICES", "0")),
        "init: CUDA_ERROR_NO_DEVICE",
        "count: CUDA_ERROR_NOT_INITIALIZED 0");
  }

  @Test
  void devicesVersionsAndMemory() throws IOException, InterruptedException {
    assertLines(
        Child.run(
            "devices",
            Map.of(
                "TARN_EMULATOR_DEVICES", "2",
                "TARN_EMULATOR_DRIVER", "11040",
                "TARN_EMULATOR_ARCH", "86",
                "TARN_EMULATOR_MEMORY", "1000000")),
        "init: none",
        "driver: 11040",
        "count: none 2",
        "device: 1000000 8.6 0000:01:00.0",
        "device: 1000000 8.6 0000:02:00.0",
        "600000: none",
        "600000 more: CUDA_ERROR_OUT_OF_MEMORY",
        "after freeing: none",
        "no such function: CUDA_ERROR_NOT_SUPPORTED",
        "tarn-emulator: cuCtxGetLimit is not emulated");
  }

  @Test
  void injectedFaults() throws IOException, InterruptedException {
    assertLines(
        Child.run(
            "injected",
            Map.of(
                "TARN_EMULATOR_FAIL", "cuMemAlloc:2:2,cublasCreate:1:3,nvrtcCompileProgram:1:11")),
        "allocation 1: none",
        "allocation 2: CUDA_ERROR_OUT_OF_MEMORY",
        "allocation 3: none",
        "handle: CUBLAS_STATUS_ALLOC_FAILED",
        "compiler: NVRTC_ERROR_INTERNAL_ERROR");
  }

  @Test
  void aLostDeviceFailsEveryLaterCall() throws IOException, InterruptedException {
    assertLines(
        Child.run("injected", Map.of("TARN_EMULATOR_FAIL", "cuMemAlloc:2+:46")),
        "allocation 1: none",
        "allocation 2: CUDA_ERROR_DEVICE_UNAVAILABLE",
        "allocation 3: CUDA_ERROR_DEVICE_UNAVAILABLE",
        "handle: CUBLAS_STATUS_EXECUTION_FAILED",
        "compiler: none",
        "closing: CUDA_ERROR_DEVICE_UNAVAILABLE");
  }

  @Test
  void memoryOfOtherProcesses() throws IOException, InterruptedException {
    assertLines(
        Child.run(
            "devices", Map.of("TARN_EMULATOR_MEMORY", "1500000", "TARN_EMULATOR_USED", "500000,0")),
        "600000: none",
        "600000 more: CUDA_ERROR_OUT_OF_MEMORY");
  }

  @Test
  void countersOfTwoProcessesAtOnce() throws IOException, InterruptedException {
    Path file = temp.resolve("stats");
    Map<String, String> environment = Map.of("TARN_EMULATOR_STATS", file.toString());
    Child first = Child.start("stats", environment, file.toString());
    // The second finds the file taken and writes beside it; it may read either.
    Child second = Child.start("gemm", environment);
    Child.Result other = second.await();
    Child.Result result = first.await();
    assertEquals(0, other.exit(), other.output());
    assertEquals(0, result.exit(), result.output());
    try (var files = Files.list(temp)) {
      assertTrue(files.allMatch(f -> f.toFile().length() == 72));
    }
  }

  @Test
  void countersSeparateGraphsFromTheRest() throws IOException, InterruptedException {
    Path file = temp.resolve("stats");
    assertLines(
        Child.run("stats", Map.of("TARN_EMULATOR_STATS", file.toString()), file.toString()),
        // launches, graph launches, kernels, gemms, allocations, bytes, peak, uploads, downloads
        "stats: [1, 3, 4, 1, 2, 8, 1008, 1, 1]");
  }

  @Test
  void matrixProductsDoNotDependOnTheNumberOfThreads() throws IOException, InterruptedException {
    Child one = Child.start("gemm", Map.of("TARN_EMULATOR_THREADS", "1"));
    Child four = Child.start("gemm", Map.of("TARN_EMULATOR_THREADS", "4"));
    Child.Result expected = one.await();
    assertEquals(0, expected.exit(), expected.output());
    assertEquals(expected, four.await());
    assertTrue(expected.output().startsWith("gemm: "), expected.output());
  }

  @Test
  void aMissingCompilerIsOneLineAndStatusThree() throws IOException, InterruptedException {
    Path script = Emulator.require().resolve("../../emulator/build.sh").normalize();
    Child.Result result =
        Child.start(
                List.of("sh", script.toString(), temp.toString()),
                Map.of("TARN_EMULATOR_CXX", "no-such-compiler"))
            .await();
    assertEquals(3, result.exit(), result.output());
    assertEquals(1, result.output().lines().count(), result.output());
    assertTrue(result.output().contains("needs g++"), result.output());
  }
}
