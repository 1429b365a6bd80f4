package dev.tarn.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every kernel file is CUDA C++ to nvcc too, where nvcc is on the PATH.
 *
 * <p>A file that takes definitions names them in comments, each of which is compiled: {@code //
 * nvcc-check: -DTILE=16}.
 */
class NvccTests {

  private static final Path SOURCES = Path.of("src/main/cu");
  private static final Path TEST_SOURCES = Path.of("src/test/resources/dev/tarn/kernels/emulator");
  private static final List<String> ARCHITECTURES = List.of("sm_75", "sm_90a");

  /** What only sm_90a has. */
  private static final String OWN_CODE = "-DTARN_WGMMA=1";

  private static final String MARK = "// nvcc-check:";

  @TempDir private Path temp;

  private static Optional<Path> nvcc() {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .map(directory -> Path.of(directory, "nvcc"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  @TestFactory
  Stream<DynamicTest> kernelsOfTheBackend() throws IOException {
    return checks(SOURCES);
  }

  @TestFactory
  Stream<DynamicTest> kernelsOfTheEmulatorsTests() throws IOException {
    return checks(TEST_SOURCES);
  }

  /** Without this a missing nvcc would look like a run in which all was checked. */
  @Test
  void nvccIsThere() {
    assumeTrue(nvcc().isPresent(), "kernels were not checked with nvcc: it is not on the PATH");
  }

  private Stream<DynamicTest> checks(Path directory) throws IOException {
    if (nvcc().isEmpty() || !Files.isDirectory(directory)) {
      return Stream.empty();
    }
    List<Path> files;
    try (Stream<Path> all = Files.walk(directory)) {
      files = all.filter(f -> f.toString().endsWith(".cu")).sorted().toList();
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : files) {
      for (String definitions : variants(file)) {
        String name = (file.getFileName() + " " + definitions).strip();
        tests.add(DynamicTest.dynamicTest(name, () -> check(file, definitions)));
      }
    }
    return tests.stream();
  }

  private static List<String> variants(Path file) throws IOException {
    try (Stream<String> lines = Files.lines(file)) {
      List<String> variants =
          lines
              .filter(line -> line.startsWith(MARK))
              .map(line -> line.substring(MARK.length()).strip())
              .toList();
      return variants.isEmpty() ? List.of("") : variants;
    }
  }

  private void check(Path file, String definitions) throws IOException, InterruptedException {
    List<Child> children = new ArrayList<>();
    for (String architecture : ARCHITECTURES) {
      if (definitions.contains(OWN_CODE) && !architecture.endsWith("a")) {
        continue;
      }
      List<String> command =
          new ArrayList<>(
              List.of(
                  nvcc().orElseThrow().toString(),
                  "-cubin",
                  "-arch=" + architecture,
                  "-std=c++17",
                  "-Werror=all-warnings",
                  "-I" + SOURCES,
                  "-o",
                  temp.resolve(architecture + ".cubin").toString()));
      Stream.of(definitions.split(" +")).filter(d -> !d.isEmpty()).forEach(command::add);
      command.add(file.toString());
      children.add(Child.start(command, Map.of()));
    }
    for (Child child : children) {
      Child.Result result = child.await();
      assertEquals(0, result.exit(), result.output());
    }
  }
}
