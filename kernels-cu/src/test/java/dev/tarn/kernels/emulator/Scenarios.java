package dev.tarn.kernels.emulator;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.runtime.cudaStream_t;

/** What {@link Child} processes do; each prints what it saw, a line a fact. */
final class Scenarios {

  private Scenarios() {}

  public static void main(String[] args) throws IOException {
    switch (args[0]) {
      case "faults" -> faults();
      case "races" -> races();
      case "store" -> store(Integer.parseInt(args[1]));
      case "use-after-free" -> useAfterFree();
      case "endless" -> endless();
      case "devices" -> devices();
      case "injected" -> injected();
      case "stats" -> stats(Path.of(args[1]));
      case "gemm" -> gemm();
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void say(String fact) {
    System.out.println(fact);
    System.out.flush();
  }

  /** The error that the call ends with, or "none". */
  private static String error(Runnable call) {
    try {
      call.run();
      return "none";
    } catch (CudaException e) {
      return e.getMessage();
    }
  }

  private static void faults() {
    fault("divergent", 96, 0);
    fault("two_barriers", 64, 0);
    fault("store", 1, 0, 100_000);
    fault("store", 1, 0, -100_000);
    fault("misaligned", 1, 0);
    fault("trap_on", 32, 0, 7);
    fault("assert_on", 32, 0, 7);
    fault("past_shared", 1, 64, 16);
    fault("past_shared", 1, 64, 5000);
  }

  private static void races() {
    for (String kernel :
        List.of(
            "neighbour_too_early",
            "neighbour",
            "overwritten_too_early",
            "another_warp_reads",
            "warp_without_barrier",
            "warp_barrier",
            "bytes_apart",
            "blocks_collide",
            "another_block_reads",
            "counted",
            "read_while_counted",
            "last_block",
            "last_block_not_released",
            "last_block_not_acquired",
            "last_block_not_gathered",
            "last_block_counts_too_early")) {
      try (Gpu gpu = new Gpu()) {
        CUfunction function = Gpu.function(Gpu.module("races.cu"), kernel);
        CUdeviceptr p = Gpu.upload(new float[3 * 64 + 1]);
        say(kernel + ": " + error(() -> gpu.launch(function, 3, 64, 256, p)));
      }
    }
  }

  /** Each fault in a context of its own, since its error sticks. */
  private static void fault(String kernel, int block, int shared, int... argument) {
    try (Gpu gpu = new Gpu()) {
      CUfunction function = Gpu.function(Gpu.module("faults.cu"), kernel);
      CUdeviceptr p = Gpu.upload(new float[100]);
      Object[] arguments = argument.length == 0 ? new Object[] {p} : new Object[] {p, argument[0]};
      String first = error(() -> gpu.launch(function, 1, block, shared, arguments));
      String then = error(() -> Gpu.download(p, 1));
      say(kernel + ": " + first + ", then " + then);
    }
  }

  private static void store(int index) {
    try (Gpu gpu = new Gpu()) {
      CUfunction function = Gpu.function(Gpu.module("faults.cu"), "store");
      CUdeviceptr p = Gpu.upload(new float[100]);
      say("store: " + error(() -> gpu.launch(function, 1, 1, 0, p, index)));
    }
  }

  private static void useAfterFree() {
    try (Gpu gpu = new Gpu()) {
      CUfunction function = Gpu.function(Gpu.module("faults.cu"), "store");
      CUdeviceptr p = Gpu.upload(new float[100]);
      JCudaDriver.cuMemFree(p);
      say("store: " + error(() -> gpu.launch(function, 1, 1, 0, p, 3)));
    }
  }

  private static void endless() {
    try (Gpu gpu = new Gpu()) {
      gpu.launch(Gpu.function(Gpu.module("faults.cu"), "endless"), 1, 1, 0, Gpu.allocate(4));
    }
  }

  private static void devices() {
    Jcuda.load();
    say("init: " + error(() -> JCudaDriver.cuInit(0)));
    int[] version = new int[1];
    JCudaDriver.cuDriverGetVersion(version);
    say("driver: " + version[0]);
    int[] count = new int[1];
    say("count: " + error(() -> JCudaDriver.cuDeviceGetCount(count)) + " " + count[0]);
    for (int i = 0; i < count[0]; i++) {
      CUdevice device = new CUdevice();
      JCudaDriver.cuDeviceGet(device, i);
      long[] bytes = new long[1];
      JCudaDriver.cuDeviceTotalMem(bytes, device);
      int[] major = new int[1];
      int[] minor = new int[1];
      JCudaDriver.cuDeviceGetAttribute(
          major, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
      JCudaDriver.cuDeviceGetAttribute(
          minor, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
      String[] bus = new String[1];
      JCudaDriver.cuDeviceGetPCIBusId(bus, 20, device);
      say("device: " + bytes[0] + " " + major[0] + "." + minor[0] + " " + bus[0]);
    }
    if (count[0] > 0) {
      Gpu gpu = new Gpu();
      CUdeviceptr p = new CUdeviceptr();
      say("600000: " + error(() -> JCudaDriver.cuMemAlloc(p, 600_000)));
      say("600000 more: " + error(() -> Gpu.allocate(600_000)));
      JCudaDriver.cuMemFree(p);
      say("after freeing: " + error(() -> Gpu.allocate(600_000)));
      say("no such function: " + error(() -> JCudaDriver.cuCtxGetLimit(new long[1], 0)));
      gpu.close();
    }
  }

  private static void injected() {
    Gpu gpu = new Gpu();
    for (int i = 1; i <= 3; i++) {
      say("allocation " + i + ": " + error(() -> Gpu.allocate(4)));
    }
    cublasHandle handle = new cublasHandle();
    say("handle: " + error(() -> JCublas2.cublasCreate(handle)));
    say("compiler: " + error(() -> compileNothing()));
    say("closing: " + error(gpu::close));
  }

  private static void compileNothing() {
    try {
      Gpu.compile("extern \"C\" __global__ void k() {}", "k.cu");
    } catch (IllegalArgumentException e) {
      throw (CudaException) e.getCause();
    }
  }

  private static void stats(Path file) throws IOException {
    try (Gpu gpu = new Gpu();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      LongBuffer counters =
          channel
              .map(FileChannel.MapMode.READ_ONLY, 0, 9 * 8)
              .order(ByteOrder.LITTLE_ENDIAN)
              .asLongBuffer();
      CUmodule module = Gpu.module("kernels.cu");
      CUfunction axpy = Gpu.function(module, "axpy");
      CUdeviceptr x = Gpu.upload(1f, 2f);
      CUdeviceptr big = Gpu.allocate(1000);
      JCudaDriver.cuMemFree(big);
      gpu.launch(axpy, 1, 32, 0, x, x, 1f, 2);
      cublasHandle handle = new cublasHandle();
      JCublas2.cublasCreate(handle);
      JCublas2.cublasSetStream(handle, new cudaStream_t(gpu.stream));
      square(handle, 1, x, x);
      JCudaDriver.cuStreamBeginCapture(
          gpu.stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
      gpu.launch(axpy, 1, 32, 0, x, x, 1f, 2);
      square(handle, 1, x, x);
      CUgraph graph = new CUgraph();
      JCudaDriver.cuStreamEndCapture(gpu.stream, graph);
      CUgraphExec executable = new CUgraphExec();
      JCudaDriver.cuGraphInstantiate(executable, graph, 0);
      for (int i = 0; i < 3; i++) {
        JCudaDriver.cuGraphLaunch(executable, gpu.stream);
      }
      Gpu.download(x, 2);
      long[] values = new long[9];
      counters.get(values);
      say("stats: " + Arrays.toString(values));
    }
  }

  /** C = A A of n x n, column-major. */
  private static void square(cublasHandle handle, int n, CUdeviceptr a, CUdeviceptr c) {
    Pointer one = Pointer.to(new float[] {1f});
    Pointer zero = Pointer.to(new float[] {0f});
    JCublas2.cublasSgemm(handle, 0, 0, n, n, n, one, a, n, a, n, zero, c, n);
  }

  private static void gemm() {
    try (Gpu gpu = new Gpu()) {
      int n = 333;
      Random random = new Random(1);
      float[] a = new float[n * n];
      for (int i = 0; i < a.length; i++) {
        a[i] = (float) random.nextGaussian();
      }
      cublasHandle handle = new cublasHandle();
      JCublas2.cublasCreate(handle);
      JCublas2.cublasSetStream(handle, new cudaStream_t(gpu.stream));
      CUdeviceptr c = Gpu.allocate(4L * n * n);
      square(handle, n, Gpu.upload(a), c);
      float[] result = Gpu.download(c, n * n);
      ByteBuffer bytes = ByteBuffer.allocate(4 * n * n);
      bytes.asFloatBuffer().put(result);
      say("gemm: " + Arrays.hashCode(bytes.array()));
    }
  }
}
