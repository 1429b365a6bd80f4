package dev.tarn.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.cli.Tarn.Child;
import dev.tarn.cli.Tarn.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a training says and leaves behind when the GPU fails it, on the emulator. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the emulator")
final class GpuFaultTests {
  private static final int EPOCHS = 4;
  private static final int MIB = 1 << 20;

  /** cuBLAS's workspace takes 32 MiB of it. */
  private static final int SMALL_MEMORY = 40 * MIB;

  @TempDir private Path directory;
  private final List<String> javaOptions = new ArrayList<>();
  private Path file = Path.of("");

  @BeforeEach
  void setUp() throws Exception {
    javaOptions.add("-Dtarn.cuda.libraries=" + EmulatedGpu.libraries());
    file = Tarn.runFile(directory, EPOCHS, "cuda");
  }

  private Child start(Map<String, String> environment, String... arguments) throws IOException {
    return new Child(Tarn.command(javaOptions, arguments), environment);
  }

  private Result run(Map<String, String> environment, String... arguments) throws Exception {
    return start(environment, arguments).await();
  }

  private Result train(Map<String, String> environment, String... overrides) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("train", file.toString()));
    arguments.addAll(List.of(overrides));
    arguments.addAll(List.of("--runs", runs().toString()));
    return run(environment, arguments.toArray(new String[0]));
  }

  private Path runs() {
    return directory.resolve("runs");
  }

  private static Map<String, String> failing(String fault) {
    return Map.of("TARN_EMULATOR_FAIL", fault);
  }

  /** One or two lines that hold some texts, and exit code 1. */
  private static void assertExplained(Result result, String... parts) {
    assertEquals(1, result.code(), result.err());
    assertTrue(result.err().startsWith("tarn: "), result.err());
    assertTrue(result.errors().size() <= 2, result.err());
    for (String part : parts) {
      assertTrue(result.err().contains(part), () -> part + " is not in: " + result.err());
    }
  }

  /** A run that failed goes on to the bytes of one that did not. */
  private void assertResumable(Path run) throws Exception {
    Path whole = directory.resolve("whole");
    Result never = run(Map.of(), "train", file.toString(), "--runs", whole.toString());
    assertEquals(0, never.code(), never.err());
    Result resumed = run(Map.of(), "train", "--resume", run.toString());
    assertEquals(0, resumed.code(), resumed.err());
    for (String name : List.of("last.safetensors", "best.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve("small-1").resolve(name)),
          Files.readAllBytes(run.resolve(name)),
          name);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cuGraphLaunch:20:700, CUDA_ERROR_ILLEGAL_ADDRESS, the device context is lost",
    "cuGraphLaunch:20+:46, CUDA_ERROR_DEVICE_UNAVAILABLE, the GPU is gone or taken",
    "cuMemcpyDtoHAsync:30+:999, CUDA_ERROR_UNKNOWN, the GPU is gone or taken",
    "cuStreamSynchronize:40+:719, CUDA_ERROR_LAUNCH_FAILED, the device context is lost"
  })
  void aGpuThatFailsInATrainingLeavesAWholeCheckpoint(String fault, String name, String advice)
      throws Exception {
    Path run = runs().resolve("small-1");
    Result result = train(failing(fault));
    assertExplained(result, name, advice, "start the process again", "--resume " + run);
    assertResumable(run);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuMemAlloc:2:2",
        "cuMemAlloc:3:2",
        "cuMemAlloc:4:2",
        "cuMemHostAlloc:2:2",
        "cuModuleLoadData:1:2",
        "cublasCreate:1:3"
      })
  void memoryThatEndsWhileTheStepIsCompiled(String fault) throws Exception {
    assertExplained(train(failing(fault)), "memory");
  }

  @Test
  void memoryThatEndsWhenTheStepIsCaptured() throws Exception {
    Result result = train(failing("cuGraphInstantiateWithFlags:1:2,cuGraphInstantiate:1:2"));
    assertExplained(result, "CUDA_ERROR_OUT_OF_MEMORY", "nvidia-smi");
    assertResumable(runs().resolve("small-1"));
  }

  @Test
  void aStepThatDoesNotFitNamesTheLargestBatchThatDoes() throws Exception {
    Files.writeString(
        file, Files.readString(file).replace("dense: 24", "dense: 10000").replace("tanh", "relu"));
    Map<String, String> small = Map.of("TARN_EMULATOR_MEMORY", String.valueOf(SMALL_MEMORY));
    Result result = train(small, "train.batch=90");
    assertExplained(result, "does not fit the GPU", "MiB asked for", "MiB free", "in place of 90");
    assertFalse(Files.exists(runs().resolve("small-1")), "a run directory without a training");
    Matcher matcher = Pattern.compile("batch that fits is (\\d+) ").matcher(result.err());
    assertTrue(matcher.find(), result.err());
    int largest = Integer.parseInt(matcher.group(1));
    assertTrue(largest > 1, result.err());
    Result tooLarge = train(small, "train.batch=" + (largest + 1));
    assertExplained(tooLarge, "fits is " + largest + " in place of " + (largest + 1));
    // The last, smaller batch and the validation get their memory in turns.
    Result fits = train(small, "train.batch=" + largest, "train.epochs=2");
    assertEquals(0, fits.code(), fits.err());
    assertTrue(fits.err().contains("does not hold the steps of all batches at once"), fits.err());
  }

  @Test
  void aGpuThatAnotherProcessFilledIsNamed() throws Exception {
    Result full =
        train(Map.of("TARN_EMULATOR_USED", "8380000", "TARN_EMULATOR_MEMORY", "" + SMALL_MEMORY));
    assertExplained(full, "out of memory", "nvidia-smi");
  }

  @Test
  void aGpuThatAnotherProcessHoldsAloneIsNamed() throws Exception {
    Result result = train(failing("cuDevicePrimaryCtxRetain:1:46"));
    assertExplained(result, "GPU 0 (", "busy or unavailable", "exclusive", "nvidia-smi");
    assertEquals(1, result.errors().size(), result.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"nvrtcCompileProgram:1:7", "nvrtcCompileProgram:1:1"})
  void aCompilerThatFailsIsNamed(String fault) throws Exception {
    javaOptions.add("-Dtarn.cache=" + directory.resolve("cache"));
    assertExplained(train(failing(fault)), "does not compile, NVRTC_ERROR_");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void anInterruptWhileTheStepIsCaptured(int times) throws Exception {
    Child child =
        start(
            Map.of("TARN_EMULATOR_DELAY", "cuStreamEndCapture:1:1500"),
            "train",
            file.toString(),
            "--runs",
            runs().toString());
    assertTrue(child.awaitError("cuStreamEndCapture waits"));
    for (int i = 0; i < times; i++) {
      child.signal("INT");
      if (i == 0) {
        assertTrue(child.awaitError("stopping after this step"));
      }
    }
    Result result = child.await();
    assertEquals(130, result.code(), result.err());
    assertEquals(times == 1, result.out().contains("interrupted after step"), result.out());
    assertResumable(runs().resolve("small-1"));
  }

  @Test
  void severalGpusAreListedAndTheEmptiestIsTaken() throws Exception {
    Map<String, String> three =
        Map.of("TARN_EMULATOR_DEVICES", "3", "TARN_EMULATOR_USED", "3000000000,1000,2000");
    Result listed = run(three, "devices");
    assertEquals(0, listed.code(), listed.err());
    for (int i = 0; i < 3; i++) {
      String line = "cuda:" + i + "     yes  GPU " + i + " of 3: Tarn CUDA emulator";
      assertTrue(listed.out().lines().anyMatch(text -> text.startsWith(line)), listed.out());
    }
    assertTrue(train(three, "device=auto").out().contains("GPU 1"));
    assertTrue(train(three, "device=cuda").out().contains("GPU 0"));
    assertTrue(train(three, "device=cuda:2").out().contains("GPU 2"));
    assertExplained(train(three, "device=cuda:3"), "no GPU 3: this machine has 3");
  }
}
