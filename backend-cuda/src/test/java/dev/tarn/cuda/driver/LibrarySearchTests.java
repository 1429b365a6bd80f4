package dev.tarn.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import jcuda.JCudaVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibrarySearchTests {
  @TempDir Path root;
  private final Map<String, String> properties = new HashMap<>();
  private final Map<String, String> environment = new HashMap<>();

  private Path library(String path) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    String name = "/lib/libJNvrtc-" + JCudaVersion.get() + "-linux-x86_64.so";
    try (InputStream in = LibrarySearchTests.class.getResourceAsStream(name)) {
      Files.write(file, Objects.requireNonNull(in).readAllBytes());
    }
    return file;
  }

  private Optional<Path> find(String name) {
    return new LibrarySearch(properties::get, environment::get, root)
        .find(name)
        .map(LibrarySearch.Found::file);
  }

  @Test
  void placesAreSearchedInOrder() throws IOException {
    String name = "libnvrtc.so.13";
    environment.put("CUDA_PATH", root.resolve("opt/toolkit").toString());
    environment.put("LD_LIBRARY_PATH", ":" + root.resolve("a") + ":" + root.resolve("b"));
    environment.put("VIRTUAL_ENV", root.resolve("venv").toString());
    environment.put("CONDA_PREFIX", root.resolve("conda").toString());
    environment.put("HOME", root.resolve("home/me").toString());
    environment.put("TARN_CUDA_LIBRARIES", root.resolve("env").toString());
    List<String> order =
        List.of(
            "env",
            "opt/toolkit/lib64",
            "opt/toolkit/lib",
            "a",
            "b",
            "cached",
            "usr/lib/x86_64-linux-gnu",
            "usr/lib64",
            "usr/local/cuda/lib64",
            "usr/local/cuda-13.1/targets/x86_64-linux/lib",
            "usr/local/cuda-13.0/lib",
            "usr/local/cuda-12.6/lib64",
            "venv/lib/python3.11/site-packages/nvidia/cu13/lib",
            "conda/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib",
            "home/me/.local/lib/python3.9/site-packages/nvidia/cuda_nvrtc/lib",
            "usr/local/lib/python3.11/dist-packages/nvidia/cuda_nvrtc/lib",
            "conda/lib");
    for (String directory : order) {
      library(directory + "/" + name);
    }
    Files.createDirectories(root.resolve("etc"));
    Files.write(
        root.resolve("etc/ld.so.cache"), loaderCache(root.resolve("cached/" + name).toString()));
    for (String directory : order) {
      Path file = root.resolve(directory).resolve(name);
      assertEquals(Optional.of(file), find(name));
      Files.delete(file);
    }
    assertEquals(Optional.empty(), find(name));
    properties.put("tarn.cuda.libraries", root.resolve("property").toString());
    Path named = library("property/" + name);
    library("env/" + name);
    assertEquals(Optional.of(named), find(name), "the property comes before the environment");
  }

  @Test
  void otherArchitecturesAreSkippedAndNamed() throws IOException {
    Path first = library("usr/lib64/libcuda.so.1");
    byte[] bytes = Files.readAllBytes(first);
    bytes[4] = 1;
    Files.write(first, bytes);
    assertEquals(Optional.empty(), find("libcuda.so.1"));
    LibrarySearch search = new LibrarySearch(properties::get, environment::get, root);
    search.find("libcuda.so.1");
    String note = first + " is cut short, or no x86-64 library: skipped";
    assertTrue(search.description().contains(note), search.description()::toString);
  }

  /** One entry for another architecture before, and the named library. */
  private static byte[] loaderCache(String path) {
    String strings = "libnvrtc.so.13\0" + path + "\0";
    ByteBuffer out = ByteBuffer.allocate(48 + 2 * 24 + strings.length());
    out.order(ByteOrder.LITTLE_ENDIAN).put("glibc-ld.so.cache1.1".getBytes());
    out.putInt(2).putInt(strings.length());
    int start = 48 + 2 * 24;
    out.position(48);
    out.putInt(0x0003).putInt(start).putInt(start).putInt(0).putLong(0);
    out.putInt(0x0303).putInt(start).putInt(start + 15).putInt(0).putLong(0);
    return out.put(strings.getBytes()).array();
  }

  @Test
  void theCacheIsReadAsLdconfigReadsIt() throws Exception {
    Path cache = Path.of("/etc/ld.so.cache");
    Path ldconfig = Path.of("/sbin/ldconfig");
    assumeTrue(Files.exists(cache) && Files.exists(ldconfig), "skipped: no loader cache");
    Process process = new ProcessBuilder(ldconfig.toString(), "-p").start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    List<Path> expected =
        output
            .lines()
            .filter(line -> line.contains("(libc6,x86-64"))
            .map(line -> Path.of(line.substring(line.indexOf(" => ") + 4)))
            .toList();
    assumeTrue(!expected.isEmpty(), "skipped: the loader cache is empty");
    assertEquals(expected, LoaderCache.libraries(cache, ""));
  }

  @Test
  void damagedCachesAreEmptyOrShorter() throws IOException {
    byte[] whole = loaderCache("/x/libnvrtc.so.13");
    Path file = root.resolve("cache");
    Files.write(file, whole);
    assertEquals(
        List.of(Path.of("/x/libnvrtc.so.13")), LoaderCache.libraries(file, "libnvrtc.so."));
    for (int size = 0; size < whole.length; size++) {
      Files.write(file, Arrays.copyOf(whole, size));
      assertEquals(List.of(), LoaderCache.libraries(file, "libnvrtc.so."));
    }
    Random random = new Random(1);
    for (int round = 0; round < 500; round++) {
      byte[] damaged = whole.clone();
      damaged[20 + random.nextInt(whole.length - 20)] = (byte) random.nextInt(256);
      Files.write(file, damaged);
      assertTrue(LoaderCache.libraries(file, "libnvrtc.so.").size() <= 1);
    }
  }
}
