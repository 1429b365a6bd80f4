package dev.tarn.cuda.driver;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.testkit.ChildJvm;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import jcuda.JCudaVersion;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every reason why CUDA may not be usable, each in a process of its own. */
class CudaLibrariesTests {
  private static final String NATIVE = "libJCublas2-" + JCudaVersion.get() + "-linux-x86_64.so";

  @TempDir static Path shared;
  @TempDir Path temp;

  /** An empty root, and directories with the stand-ins of one library each. */
  private static Path root;

  @BeforeAll
  static void compile() throws IOException, InterruptedException {
    DummyLibraries.requireCompiler();
    root = Files.createDirectory(shared.resolve("root"));
    DummyLibraries.driver(shared.resolve("driver"));
    for (int major : List.of(12, 13)) {
      DummyLibraries.cublas(shared.resolve("cublas" + major), major);
      DummyLibraries.nvrtc(shared.resolve("nvrtc" + major), major);
    }
  }

  /** A child whose loader path consists of the named directories. */
  private ChildJvm child(String... directories) {
    List<String> paths = Arrays.stream(directories).map(d -> shared.resolve(d).toString()).toList();
    return new ChildJvm(LoadMain.class)
        .environment("LD_LIBRARY_PATH", String.join(":", paths))
        .environment("HOME", temp)
        .property("tarn.cache", temp.resolve("cache"));
  }

  private static void assertOutput(ChildJvm.Result result, String... parts) {
    assertEquals(0, result.exitCode(), result.output());
    for (String part : parts) {
      assertTrue(result.output().contains(part), "no '" + part + "' in " + result.output());
    }
  }

  @Test
  void cuda12LoadsUnpatched() throws Exception {
    assertOutput(
        child("driver", "cublas12", "nvrtc12").run(root),
        "loaded: driver for CUDA 12.6, NVRTC 12.7, cuBLAS 12",
        "file: " + shared.resolve("driver/libcuda.so.1"),
        "file: " + shared.resolve("nvrtc12/libnvrtc.so.12"),
        "file: " + shared.resolve("cublas12/libcublas.so.12"),
        "tmpdir restored: true");
    try (Stream<Path> files = Files.walk(temp.resolve("cache"))) {
      List<String> natives =
          files.filter(Files::isRegularFile).map(f -> f.getFileName().toString()).sorted().toList();
      assertEquals(
          Stream.of("JCublas2", "JCudaDriver", "JNvrtc")
              .map(n -> "lib" + n + "-" + JCudaVersion.get() + "-linux-x86_64.so")
              .toList(),
          natives,
          "what the step needs is all that is extracted, and nothing escapes the directory");
    }
  }

  @Test
  void cuda13LoadsThroughPatchedNatives() throws Exception {
    assertOutput(
        child("driver", "cublas13", "nvrtc13").environment("DUMMY_DRIVER_VERSION", 13000).run(root),
        "loaded: driver for CUDA 13.0, NVRTC 13.7, cuBLAS 13",
        "file: " + shared.resolve("cublas13/libcublas.so.13"));
  }

  @Test
  void theFirstUsableToolkitInTheOrderIsTaken() throws Exception {
    ChildJvm both = child("driver", "cublas13", "nvrtc13", "cublas12", "nvrtc12");
    assertOutput(
        both.environment("DUMMY_DRIVER_VERSION", 13000).run(root), "NVRTC 13.7, cuBLAS 13");
    assertOutput(both.environment("DUMMY_DRIVER_VERSION", 12090).run(root), "NVRTC 12.7");
  }

  @Test
  void configuredDirectoryWinsAndMustExist() throws Exception {
    Path all = temp.resolve("all");
    DummyLibraries.driver(all);
    assertOutput(
        child("driver", "cublas12", "nvrtc12").environment("TARN_CUDA_LIBRARIES", all).run(root),
        "file: " + all.resolve("libcuda.so.1"));
    assertOutput(
        child("driver").property("tarn.cuda.libraries", temp.resolve("none")).run(root),
        "reason: CONFIGURATION",
        "does not exist: "
            + temp.resolve("none")
            + " (-Dtarn.cuda.libraries or TARN_CUDA_LIBRARIES)");
  }

  @Test
  void noDriver() throws Exception {
    assertOutput(
        child("cublas12", "nvrtc12").run(root),
        "reason: NO_DRIVER",
        "message: No NVIDIA driver: libcuda.so.1 was not found; install the driver",
        "detail: searched: " + shared.resolve("cublas12") + " (LD_LIBRARY_PATH)");
  }

  @Test
  void damagedDriver() throws Exception {
    Path directory = Files.createDirectory(temp.resolve("bad"));
    byte[] driver = Files.readAllBytes(shared.resolve("driver/libcuda.so.1"));
    Path file = directory.resolve("libcuda.so.1");
    for (byte[] content : List.of(Arrays.copyOf(driver, 3000), "no library".getBytes(UTF_8))) {
      Files.write(file, content);
      assertOutput(
          child().environment("LD_LIBRARY_PATH", directory).run(root),
          "reason: NO_DRIVER",
          "detail: " + file + " is cut short, or no x86-64 library: skipped");
    }
    driver[indexOf(driver, "libc.so.6")] = 'L';
    Files.write(file, driver);
    assertOutput(
        child().environment("LD_LIBRARY_PATH", directory).run(root),
        "reason: NO_DRIVER",
        "libcuda.so.1 was found but does not load: ");
  }

  @Test
  void driverTooOld() throws Exception {
    assertOutput(
        child("driver", "cublas12", "nvrtc12").environment("DUMMY_DRIVER_VERSION", 11040).run(root),
        "reason: DRIVER_TOO_OLD",
        "message: NVIDIA driver supports CUDA 11.4; Tarn needs 12.0 or newer: update the driver");
  }

  @Test
  void noDevice() throws Exception {
    assertOutput(
        child("driver").environment("DUMMY_INIT_STATUS", 100).run(root),
        "reason: NO_DEVICE",
        "The NVIDIA driver finds no GPU");
    assertOutput(
        child("driver")
            .environment("DUMMY_DEVICE_COUNT", 0)
            .environment("CUDA_VISIBLE_DEVICES", "7")
            .run(root),
        "reason: NO_DEVICE",
        "finds no GPU (CUDA_VISIBLE_DEVICES='7')");
    assertOutput(
        child("driver").environment("DUMMY_INIT_STATUS", 803).run(root),
        "reason: NO_DEVICE",
        "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
        "restart the machine");
    assertOutput(
        child("driver").environment("DUMMY_INIT_STATUS", 34).run(root),
        "reason: NO_DRIVER",
        "stub");
  }

  @Test
  void noCublas() throws Exception {
    assertOutput(
        child("driver", "nvrtc12").run(root),
        "reason: NO_CUBLAS",
        "message: cuBLAS (libcublas.so.12) was not found (the driver supports CUDA 12.6): install"
            + " the CUDA 12 toolkit, or set -Dtarn.cuda.libraries=DIR",
        "detail: found: " + shared.resolve("nvrtc12/libnvrtc.so.12"));
  }

  @Test
  void noNvrtc() throws Exception {
    assertOutput(
        child("driver", "cublas13", "nvrtc12").environment("DUMMY_DRIVER_VERSION", 13000).run(root),
        "reason: NO_NVRTC",
        "message: NVRTC (libnvrtc.so.12 or 13) was not found");
  }

  @Test
  void librariesNewerThanTheDriver() throws Exception {
    assertOutput(
        child("driver", "cublas13", "nvrtc13").environment("DUMMY_DRIVER_VERSION", 12080).run(root),
        "reason: LIBRARIES_TOO_NEW",
        "Only libraries of CUDA 13 were found, and the driver supports CUDA 12.8: update");
  }

  @Test
  void fullDeviceSaysHowMuchWasAskedFor() throws Exception {
    assertOutput(
        child("driver", "cublas12", "nvrtc12")
            .environment("DUMMY_CONTEXT_STATUS", 2)
            .run(root, "open"),
        "out of memory: GPU 0 (Dummy GPU) is full: no memory is left for a context");
    assertOutput(
        child("driver", "cublas12", "nvrtc12").run(root, "open"),
        "out of memory: GPU 0 (Dummy GPU) is out of memory: 5.0 GiB asked for, 1.5 GiB of 8.0 GiB"
            + " free");
  }

  @Test
  void damagedNativeOfJcuda() throws Exception {
    Path lib = Files.createDirectories(temp.resolve("classes/lib"));
    byte[] original = originalNative();
    Files.write(lib.resolve(NATIVE), Arrays.copyOf(original, original.length / 2));
    assertOutput(
        child("driver", "cublas12", "nvrtc12").classPathFirst(temp.resolve("classes")).run(root),
        "reason: NATIVE_DAMAGED",
        NATIVE + " is damaged: malformed ELF file");
    byte[] other = original.clone();
    int at = indexOf(other, "libcublas.so.12");
    other[at] = 'L';
    Files.write(lib.resolve(NATIVE), other);
    assertOutput(
        child("driver", "cublas12", "nvrtc12").classPathFirst(temp.resolve("classes")).run(root),
        "reason: NATIVE_DAMAGED",
        NATIVE + " does not load: ");
  }

  @Test
  void foreignContentOfTheCacheIsReplaced() throws Exception {
    ChildJvm child = child("driver", "cublas12", "nvrtc12");
    assertOutput(child.run(root), "loaded: ");
    Path cached = temp.resolve("cache/native/jcuda-" + JCudaVersion.get() + "-cuda12/" + NATIVE);
    byte[] original = originalNative();
    byte[] evil = original.clone();
    evil[evil.length / 2] ^= 1;
    Files.write(cached, evil);
    assertOutput(child.run(root), "loaded: ");
    assertTrue(Arrays.equals(original, Files.readAllBytes(cached)));
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(cached.getParent())));
  }

  @Test
  void unwritableCacheFallsBackToATemporaryDirectory() throws Exception {
    Path file = Files.writeString(temp.resolve("file"), "in the way");
    assertOutput(
        child("driver", "cublas12", "nvrtc12").property("tarn.cache", file).run(root), "loaded: ");
    Path none = temp.resolve("none");
    assertOutput(
        child("driver", "cublas12", "nvrtc12")
            .property("tarn.cache", file)
            .property("java.io.tmpdir", none)
            .run(root),
        "reason: CACHE",
        "set -Dtarn.cache to a writable directory");
    assertFalse(Files.exists(none));
  }

  @Test
  void twoProcessesMayStartAtOnce() throws Exception {
    List<ChildJvm.Running> children = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      children.add(
          child("driver", "cublas13", "nvrtc13")
              .environment("DUMMY_DRIVER_VERSION", 13000)
              .start(root));
    }
    for (ChildJvm.Running running : children) {
      assertOutput(running.finish(), "loaded: ");
    }
  }

  @Test
  void otherPlatformsAreRefused() {
    CudaUnavailableException mac =
        assertThrows(
            CudaUnavailableException.class,
            () ->
                CudaLibraries.requirePlatform(
                    name -> name.equals("os.name") ? "Mac OS X" : "aarch64"));
    assertEquals(CudaUnavailableException.Reason.PLATFORM, mac.reason());
    assertTrue(mac.getMessage().contains("Mac OS X on aarch64: use device cpu"));
  }

  private static byte[] originalNative() throws IOException {
    try (InputStream in = CudaLibrariesTests.class.getResourceAsStream("/lib/" + NATIVE)) {
      return Objects.requireNonNull(in).readAllBytes();
    }
  }

  private static int indexOf(byte[] bytes, String text) {
    return new String(bytes, ISO_8859_1).indexOf(text);
  }
}
