package dev.tarn.cuda.driver;

import dev.tarn.kernels.emulator.Emulator;
import dev.tarn.testkit.ChildJvm;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A context, a stream and the test kernels: on the emulator, or with {@code -Dtarn.cuda=real} on
 * the machine's GPU.
 */
final class Gpu implements AutoCloseable {
  static final String SOURCE = resource("driver_test.cu");
  static final Map<String, String> HEADERS =
      Map.of("twice.cuh", "__device__ inline int twice(int x) { return 2 * x; }\n");
  static final List<String> OPTIONS = List.of("-DSCALE=5");

  final CudaContext context;
  final Stream stream;
  private KernelModule module;

  Gpu() {
    selectLibraries();
    context = Device.open(0);
    stream = Stream.create(context);
  }

  /** Whether the tests run on this machine's GPU, whose absence is then a failure. */
  static boolean isReal() {
    return "real".equals(System.getProperty("tarn.cuda"));
  }

  /** Selects the emulator's libraries unless a real GPU is asked for. */
  private static void selectLibraries() {
    if (!isReal() && System.getProperty(LibrarySearch.PROPERTY) == null) {
      System.setProperty(LibrarySearch.PROPERTY, Emulator.require().toString());
    }
    if (System.getProperty("tarn.cache") == null) {
      System.setProperty("tarn.cache", Path.of("target", "tarn-cache").toString());
    }
  }

  /** A child that uses the same libraries. */
  static ChildJvm child(Class<?> main) {
    selectLibraries();
    ChildJvm child = new ChildJvm(main).property("tarn.cache", System.getProperty("tarn.cache"));
    return isReal()
        ? child.property("tarn.cuda", "real")
        : child.property(LibrarySearch.PROPERTY, System.getProperty(LibrarySearch.PROPERTY));
  }

  Kernel kernel(String name) {
    if (module == null) {
      String target = Nvrtc.target(context.device().capability());
      module =
          KernelModule.load(
              context, Nvrtc.compile("driver_test.cu", SOURCE, HEADERS, OPTIONS, target));
    }
    return module.kernel(name);
  }

  /** Copies floats to fresh device memory. */
  DeviceMemory upload(float... values) {
    DeviceMemory memory = DeviceMemory.allocate(context, 4L * values.length);
    try (PinnedMemory staging = PinnedMemory.allocate(context, memory.bytes())) {
      staging.buffer().asFloatBuffer().put(values);
      stream.copyToDevice(memory.address(), staging.address(), memory.bytes());
      stream.synchronize();
    }
    return memory;
  }

  /** Copies device memory to a buffer on the heap. */
  ByteBuffer download(long address, int bytes) {
    try (PinnedMemory staging = PinnedMemory.allocate(context, bytes)) {
      stream.copyToHost(staging.address(), address, bytes);
      stream.synchronize();
      ByteBuffer copy = ByteBuffer.allocate(bytes).order(staging.buffer().order());
      return copy.put(0, staging.buffer(), 0, bytes);
    }
  }

  float[] floats(DeviceMemory memory) {
    float[] values = new float[(int) (memory.bytes() / 4)];
    download(memory.address(), (int) memory.bytes()).asFloatBuffer().get(values);
    return values;
  }

  @Override
  public void close() {
    if (module != null) {
      module.close();
    }
    stream.close();
    context.close();
  }

  private static String resource(String name) {
    try (InputStream in = Gpu.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
