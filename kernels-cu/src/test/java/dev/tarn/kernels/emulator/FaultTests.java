package dev.tarn.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Mistakes in kernels: found, named, and answered with the error that a GPU gives. */
class FaultTests {

  @BeforeAll
  static void build() {
    Emulator.require();
  }

  private static void assertContains(String expression, String output) {
    assertTrue(Pattern.compile(expression).matcher(output).find(), expression + "\n" + output);
  }

  /** The kernel's error, and the same from every call after it. */
  private static void assertSticky(String kernel, String error, String output) {
    assertContains(Pattern.quote(kernel + ": " + error + ", then " + error), output);
  }

  @Test
  void faultsOfEveryKind() throws IOException, InterruptedException {
    Child.Result result = Child.run("faults", Map.of());
    String out = result.output();
    assertEquals(0, result.exit(), out);

    assertSticky("divergent", "CUDA_ERROR_LAUNCH_FAILED", out);
    assertContains(
        "kernel divergent, block \\(0,0,0\\): divergent barrier: "
            + "40 of 96 threads wait in __syncthreads \\(line 4\\)",
        out);
    assertSticky("two_barriers", "CUDA_ERROR_LAUNCH_FAILED", out);
    assertContains(
        "kernel two_barriers, .* barrier in line 14 while others wait at the one in line 12", out);
    assertSticky("store", "CUDA_ERROR_ILLEGAL_ADDRESS", out);
    assertContains(
        "kernel store, block \\(0,0,0\\), thread \\(0,0,0\\), faults.cu:19: "
            + "illegal address 0x[0-9a-f]+, \\d+ bytes past the end of allocation .* of 400 bytes",
        out);
    assertContains("\\d+ bytes before allocation", out);
    assertSticky("misaligned", "CUDA_ERROR_MISALIGNED_ADDRESS", out);
    assertContains("kernel misaligned, .* faults.cu:24: misaligned access", out);
    assertSticky("trap_on", "CUDA_ERROR_LAUNCH_FAILED", out);
    assertContains("kernel trap_on, .* executed __trap\\(\\)", out);
    assertSticky("assert_on", "CUDA_ERROR_ASSERT", out);
    assertContains("assertion failed: n != 7 \\(faults.cu:32\\)", out);
    assertSticky("past_shared", "CUDA_ERROR_ILLEGAL_ADDRESS", out);
    assertContains("kernel past_shared, .* past its 64 bytes of dynamic shared memory", out);
    assertContains("kernel past_shared, .* faults.cu:42: illegal address", out);
  }

  @Test
  void guardModeFindsTheFirstByteOutside() throws IOException, InterruptedException {
    Map<String, String> guard = Map.of("TARN_EMULATOR_GUARD", "1");
    String past = Child.run("store", guard, "100").output();
    assertContains("kernel store wrote just outside allocation #1 of 400 bytes", past);
    assertContains("store: CUDA_ERROR_ILLEGAL_ADDRESS", past);
    String freed = Child.run("use-after-free", guard).output();
    assertContains("faults.cu:19: illegal address .* in the freed allocation #1", freed);
    assertContains("store: CUDA_ERROR_ILLEGAL_ADDRESS", freed);
  }

  /** The mode is described in the emulator's README. */
  @Test
  void addressSanitizerNamesTheLine() throws IOException, InterruptedException {
    Child.Result found =
        Child.start(List.of("g++", "-print-file-name=libasan.so"), Map.of()).await();
    Path asan = Path.of(found.output().strip());
    assumeTrue(asan.isAbsolute() && Files.exists(asan), "g++ has no libasan.so");
    String out =
        Child.run(
                "store",
                Map.of(
                    "LD_PRELOAD",
                    asan.toString(),
                    "ASAN_OPTIONS",
                    "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigill=0"
                        + ":handle_sigfpe=0",
                    "TARN_EMULATOR_CXXFLAGS",
                    "-fsanitize=address"),
                "100")
            .output();
    assertContains("AddressSanitizer: heap-buffer-overflow", out);
    assertContains("in store .*faults.cu:19", out);
    assertContains("0 bytes to the right of 400-byte region|0 bytes after 400-byte region", out);
  }

  @Test
  void anEndlessKernelEndsTheProcess() throws IOException, InterruptedException {
    Child.Result result = Child.run("endless", Map.of("TARN_EMULATOR_TIMEOUT_S", "1"));
    assertEquals(134, result.exit());
    assertContains("kernel endless has not ended after 1 s", result.output());
  }
}
