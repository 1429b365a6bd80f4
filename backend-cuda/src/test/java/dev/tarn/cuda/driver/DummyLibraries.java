package dev.tarn.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Stand-ins for the CUDA libraries that load and know their version, compiled on the spot. */
final class DummyLibraries {
  private DummyLibraries() {}

  /** Skips the test where there is no C compiler. */
  static void requireCompiler() {
    boolean found;
    try {
      found = new ProcessBuilder("gcc", "--version").redirectErrorStream(true).start() != null;
    } catch (IOException e) {
      found = false;
    }
    assumeTrue(found, "skipped: no gcc to compile stand-in libraries with");
  }

  static void driver(Path directory) throws IOException, InterruptedException {
    compile(directory, "dummy_cuda.c", "libcuda.so.1", List.of());
  }

  /** Compiles a cuBLAS of one CUDA version, with versioned symbols like the real one. */
  static void cublas(Path directory, int major) throws IOException, InterruptedException {
    versioned(directory, "dummy_cublas.c", "libcublas.so." + major, major);
  }

  static void nvrtc(Path directory, int major) throws IOException, InterruptedException {
    versioned(directory, "dummy_nvrtc.c", "libnvrtc.so." + major, major);
  }

  private static void versioned(Path directory, String source, String soname, int major)
      throws IOException, InterruptedException {
    Path map = Files.createTempFile("version", ".map");
    Files.writeString(map, soname + " { global: *; };\n");
    compile(directory, source, soname, List.of("-DMAJOR=" + major, "-Wl,--version-script=" + map));
    Files.delete(map);
  }

  private static void compile(Path directory, String source, String soname, List<String> flags)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    Path file = directory.resolve(source);
    try (InputStream in = DummyLibraries.class.getResourceAsStream(source)) {
      Files.write(file, Objects.requireNonNull(in, source).readAllBytes());
    }
    List<String> command = new ArrayList<>(List.of("gcc", "-shared", "-fPIC", "-w"));
    command.addAll(flags);
    command.addAll(
        List.of("-Wl,-soname," + soname, "-o", directory.resolve(soname).toString(), "" + file));
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertEquals(0, process.waitFor(), command::toString);
    Files.delete(file);
  }
}
