package dev.tarn.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tarn.testkit.ChildJvm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** NVRTC and the kernels it leaves on disk. */
class KernelCacheTests {
  private static final String SMALL = "extern \"C\" __global__ void f(int* x) { *x = N; }\n";

  @TempDir Path temp;
  private Gpu gpu;
  private String target;
  private Path place;

  @BeforeEach
  void open() {
    gpu = new Gpu();
    target = Nvrtc.target(gpu.context.device().capability());
    place = temp.resolve("kernels");
  }

  @AfterEach
  void close() {
    // Null where the test was skipped before it began.
    if (gpu != null) {
      gpu.close();
    }
  }

  private KernelImage get(KernelCache cache, String... options) {
    return cache.get("small.cu", SMALL, Map.of(), List.of(options), target);
  }

  private List<Path> entries() throws IOException {
    try (java.util.stream.Stream<Path> files = Files.list(place)) {
      return files.sorted().toList();
    }
  }

  /** Runs the kernel and returns what it wrote. */
  private int run(KernelImage image) {
    try (KernelModule module = KernelModule.load(gpu.context, image);
        HostArena arena = HostArena.create(gpu.context);
        DeviceMemory out = DeviceMemory.allocate(gpu.context, 4)) {
      new Launch(module.kernel("f"), arena, 1).set(0, out.address()).enqueue(gpu.stream);
      return gpu.download(out.address(), 4).getInt(0);
    }
  }

  private static byte[] entry(byte[] code) throws Exception {
    byte[] checksum = MessageDigest.getInstance("SHA-256").digest(code);
    return ByteBuffer.allocate(32 + code.length).put(checksum).put(code).array();
  }

  @Test
  void theSecondTimeComesFromDisk() throws Exception {
    KernelCache cache = new KernelCache(place, 1 << 30);
    assertEquals(3, run(get(cache, "-DN=3")));
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(place)));
    Path entry = entries().get(0);
    byte[] planted = {1, 2, 3};
    Files.write(entry, entry(planted));
    assertArrayEquals(planted, get(new KernelCache(place, 1 << 30), "-DN=3").code());
  }

  @Test
  void whatDecidesTheCodeDecidesTheEntry() throws Exception {
    KernelCache cache = new KernelCache(place, 1 << 30);
    assertEquals(3, run(get(cache, "-DN=3")));
    assertEquals(4, run(get(cache, "-DN=4")));
    String including = "#include \"n.cuh\"\n" + SMALL;
    for (int n = 5; n < 7; n++) {
      Map<String, String> headers = Map.of("n.cuh", "#define N " + n + "\n");
      assertEquals(n, run(cache.get("small.cu", including, headers, List.of(), target)));
    }
    assertEquals(4, entries().size());
  }

  @Test
  void damagedEntriesAreCompiledAgainAndReplaced() throws Exception {
    KernelCache cache = new KernelCache(place, 1 << 30);
    get(cache, "-DN=3");
    Path file = entries().get(0);
    byte[] whole = Files.readAllBytes(file);
    byte[] flipped = whole.clone();
    flipped[whole.length / 2] ^= 1;
    for (byte[] damaged :
        List.of(flipped, Arrays.copyOf(whole, whole.length - 1), new byte[0], new byte[32])) {
      Files.write(file, damaged);
      assertEquals(3, run(get(cache, "-DN=3")));
      byte[] now = Files.readAllBytes(file);
      assertArrayEquals(entry(Arrays.copyOfRange(now, 32, now.length)), now);
    }
    assertEquals(List.of(file), entries());
  }

  @Test
  void theLeastRecentlyUsedGoWhenItGrows() throws Exception {
    KernelCache unbounded = new KernelCache(place, 1 << 30);
    get(unbounded, "-DN=1");
    Path first = entries().get(0);
    get(unbounded, "-DN=2");
    Path second = entries().stream().filter(e -> !e.equals(first)).findFirst().orElseThrow();
    Files.setLastModifiedTime(first, FileTime.fromMillis(1_000));
    Files.setLastModifiedTime(second, FileTime.fromMillis(2_000));
    get(unbounded, "-DN=1");
    assertNotEquals(FileTime.fromMillis(1_000), Files.getLastModifiedTime(first));
    get(new KernelCache(place, Files.size(first) * 5 / 2), "-DN=3");
    assertEquals(2, entries().size());
    assertTrue(Files.exists(first));
    assertFalse(Files.exists(second));
  }

  @Test
  void withoutAWritableDirectoryKernelsAreCompiledEachTime() throws IOException {
    Path file = Files.writeString(temp.resolve("file"), "in the way");
    KernelCache cache = new KernelCache(file.resolve("kernels"), 1 << 30);
    assertEquals(3, run(get(cache, "-DN=3")));
    assertEquals(3, run(get(cache, "-DN=3")));
  }

  @Test
  void twoProcessesMayCompileAtOnce() throws Exception {
    List<ChildJvm.Running> children = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      children.add(Gpu.child(CompileMain.class).start(place, 7));
    }
    for (ChildJvm.Running child : children) {
      ChildJvm.Result result = child.finish();
      assertEquals(0, result.exitCode(), result.output());
      assertTrue(result.output().contains("result 7"), result.output());
    }
    assertEquals(1, entries().size(), "one entry and no temporary file");
  }

  /** Compiles and runs a kernel through the cache. */
  static final class CompileMain {
    public static void main(String[] arguments) {
      KernelCacheTests test = new KernelCacheTests();
      test.gpu = new Gpu();
      test.target = Nvrtc.target(test.gpu.context.device().capability());
      KernelCache cache = new KernelCache(Path.of(arguments[0]), 1 << 30);
      for (int i = 0; i < 3; i++) {
        System.out.println("result " + test.run(test.get(cache, "-DN=" + arguments[1])));
      }
      test.close();
    }
  }

  @Test
  void errorsNameFileLineAndText() {
    String broken = "extern \"C\" __global__ void f(int* x) {\n  *x = undefined_name;\n}\n";
    KernelCompileException e =
        assertThrows(
            KernelCompileException.class,
            () -> Nvrtc.compile("broken.cu", broken, Map.of(), List.of(), target));
    assertTrue(e.getMessage().startsWith("broken.cu does not compile: broken.cu"), e.getMessage());
    assertTrue(e.getMessage().contains("undefined_name"), e.getMessage());
    assertTrue(e.getMessage().contains("in: *x = undefined_name;"), e.getMessage());
    assertTrue(e.getMessage().lines().count() <= 3, e.getMessage());
    assertTrue(e.log().contains("undefined_name"));
  }

  @Test
  void theTargetIsTheChipIfKnownElseTheNewestBefore() {
    int[] known = {50, 52, 75, 80, 86, 90};
    assertEquals("sm_90", Nvrtc.target(new ComputeCapability(9, 0), known, "12.6"));
    assertEquals("compute_86", Nvrtc.target(new ComputeCapability(8, 7), known, "12.6"));
    assertEquals("compute_90", Nvrtc.target(new ComputeCapability(12, 0), known, "12.6"));
    CudaException e =
        assertThrows(
            CudaException.class,
            () -> Nvrtc.target(new ComputeCapability(7, 0), new int[] {75, 80}, "13.0"));
    assertTrue(e.getMessage().contains("NVRTC 13.0 compiles for no GPU as old as"));
  }
}
