package dev.tarn.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Launches, graphs and what they cost the garbage collector. */
class LaunchTests {
  private Gpu gpu;
  private HostArena arena;

  @BeforeEach
  void open() {
    gpu = new Gpu();
    arena = HostArena.create(gpu.context);
  }

  @AfterEach
  void close() {
    // Null where the test was skipped before it began.
    if (gpu != null) {
      arena.close();
      gpu.close();
    }
  }

  private Launch axpy(DeviceMemory x, DeviceMemory y, float a) {
    int n = (int) (x.bytes() / 4);
    return new Launch(gpu.kernel("axpy"), arena, 4)
        .grid((n + 31) / 32)
        .block(32)
        .set(0, x.address())
        .set(1, y.address())
        .set(2, a)
        .set(3, n);
  }

  @Test
  void argumentsOfEveryTypeArrive() {
    try (DeviceMemory out = DeviceMemory.allocate(gpu.context, 8 * 40)) {
      Launch ramp =
          new Launch(gpu.kernel("ramp"), arena, 3)
              .grid(2)
              .block(32)
              .set(0, out.address())
              .set(1, 1L << 40)
              .set(2, 40);
      ramp.enqueue(gpu.stream);
      long[] values = new long[40];
      gpu.download(out.address(), 320).asLongBuffer().get(values);
      assertArrayEquals(
          IntStream.range(0, 40).mapToLong(i -> (1L << 40) + 5 * 2 * i).toArray(), values);
    }
  }

  @Test
  void argumentsMayChangeBetweenLaunches() {
    try (DeviceMemory x = gpu.upload(1, 2, 3);
        DeviceMemory y = gpu.upload(10, 10, 10)) {
      Launch launch = axpy(x, y, 1);
      launch.enqueue(gpu.stream);
      launch.set(2, -2f).enqueue(gpu.stream);
      assertArrayEquals(new float[] {9, 8, 7}, gpu.floats(y));
    }
  }

  @Test
  void dynamicSharedMemoryGoesBeyondItsDefault() {
    int n = 20_000;
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = i;
    }
    Kernel kernel = gpu.kernel("reverse");
    try (DeviceMemory data = gpu.upload(values)) {
      Launch launch =
          new Launch(kernel, arena, 2).block(256).shared(4 * n).set(0, data.address()).set(1, n);
      CudaException refused = assertThrows(CudaException.class, () -> launch.enqueue(gpu.stream));
      assertTrue(refused.getMessage().startsWith("cuLaunchKernel of reverse with grid 1 x 1 x 1"));
      assertFalse(refused.isSticky());
      kernel.setMaxDynamicSharedMemory(4 * n);
      launch.enqueue(gpu.stream);
      float[] reversed = gpu.floats(data);
      assertEquals(n - 1, reversed[0]);
      assertEquals(5, reversed[n - 6]);
    }
    assertThrows(CudaException.class, () -> kernel.setMaxDynamicSharedMemory(1 << 20));
  }

  @Test
  void gridsAndBlocksHaveThreeDimensions() {
    try (DeviceMemory out = DeviceMemory.allocate(gpu.context, 4 * 24 * 24)) {
      new Launch(gpu.kernel("blocks"), arena, 1)
          .grid(2, 3, 4)
          .block(4, 3, 2)
          .set(0, out.address())
          .enqueue(gpu.stream);
      int[] values = new int[24 * 24];
      gpu.download(out.address(), 4 * values.length).asIntBuffer().get(values);
      assertArrayEquals(IntStream.range(0, 576).map(i -> i / 24).toArray(), values);
    }
  }

  @Test
  void mistakesAreNamed() {
    Kernel kernel = gpu.kernel("axpy");
    Launch launch = new Launch(kernel, arena, 4).set(0, 0L).set(1, 0L).set(3, 0);
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> launch.enqueue(gpu.stream));
    assertEquals("axpy: argument 2 is not set", e.getMessage());
    assertThrows(IndexOutOfBoundsException.class, () -> launch.set(4, 0));
    assertEquals(
        "axpy: invalid block 1025 x 1 x 1",
        assertThrows(IllegalArgumentException.class, () -> launch.block(1025)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> launch.block(1, 1, 65));
    assertThrows(IllegalArgumentException.class, () -> launch.grid(1, 65_536, 1));
    assertThrows(IllegalArgumentException.class, () -> launch.grid(0));
    assertEquals(
        "no kernel absent in driver_test.cu",
        assertThrows(CudaException.class, () -> gpu.kernel("absent")).getMessage());
    CudaException notCode =
        assertThrows(
            CudaException.class,
            () -> KernelModule.load(gpu.context, new KernelImage("text.cu", new byte[64])));
    assertTrue(notCode.getMessage().startsWith("cuModuleLoadData of text.cu: CUDA_ERROR_"));
  }

  @Test
  void kernelsKnowTheirLimits() {
    Kernel kernel = gpu.kernel("axpy");
    assertTrue(kernel.maxThreadsPerBlock() >= 32 && kernel.maxThreadsPerBlock() <= 1024);
    assertTrue(kernel.activeBlocks(256, 0) >= 1);
  }

  @Test
  void capturedWorkRunsWhenLaunchedAndOnlyThen() {
    try (DeviceMemory x = gpu.upload(1, 2, 3, 4);
        DeviceMemory y = gpu.upload(0, 0, 0, 0);
        DeviceMemory copy = gpu.upload(0, 0, 0, 0)) {
      Launch launch = axpy(x, y, 3);
      try (Graph graph =
          gpu.stream.capture(
              () -> {
                launch.enqueue(gpu.stream);
                gpu.stream.copyOnDevice(copy.address(), y.address(), 16);
                Fill.floats(copy.address(), -1, 1).enqueue(gpu.stream);
              })) {
        assertEquals(3, graph.nodes());
        assertArrayEquals(new float[4], gpu.floats(y));
        launch.set(2, 100f);
        graph.enqueue(gpu.stream);
        graph.enqueue(gpu.stream);
        assertArrayEquals(new float[] {6, 12, 18, 24}, gpu.floats(y));
        assertArrayEquals(new float[] {-1, 12, 18, 24}, gpu.floats(copy));
      }
    }
  }

  @Test
  void anExceptionWhileCapturingLeavesTheStreamUsable() {
    try (DeviceMemory x = gpu.upload(1, 2);
        DeviceMemory y = gpu.upload(5, 5)) {
      Launch launch = axpy(x, y, 1);
      IllegalStateException e =
          assertThrows(
              IllegalStateException.class,
              () ->
                  gpu.stream.capture(
                      () -> {
                        launch.enqueue(gpu.stream);
                        throw new IllegalStateException("on purpose");
                      }));
      assertEquals("on purpose", e.getMessage());
      assertArrayEquals(new float[] {5, 5}, gpu.floats(y));
      launch.enqueue(gpu.stream);
      assertArrayEquals(new float[] {6, 7}, gpu.floats(y));
    }
  }

  @Test
  void eventsMeasureTheTimeBetweenThem() {
    try (Event start = Event.create(gpu.context);
        Event end = Event.create(gpu.context);
        DeviceMemory memory = DeviceMemory.allocate(gpu.context, 1 << 20)) {
      start.enqueue(gpu.stream);
      gpu.stream.fill(memory.address(), (byte) 1, memory.bytes());
      end.enqueue(gpu.stream);
      end.synchronize();
      assertTrue(end.millisecondsSince(start) >= 0);
    }
  }

  @Test
  void preparedCommandsLeaveNoGarbage() {
    try (DeviceMemory x = gpu.upload(new float[16]);
        DeviceMemory y = gpu.upload(new float[16]);
        PinnedMemory host = PinnedMemory.allocate(gpu.context, 64);
        Cublas cublas = Cublas.create(gpu.context, gpu.stream)) {
      Gemm gemm =
          cublas.gemm(
              GemmShape.of(4, 4, 4, false, true),
              Gemm.Type.F32,
              Gemm.Type.F32,
              Gemm.Compute.F32,
              1,
              x.address(),
              x.address(),
              0,
              y.address());
      Launch launch = axpy(x, y, 1);
      Command[] commands = {
        launch,
        gemm,
        Copy.toDevice(x.address(), host.address(), 64),
        Copy.toHost(host.address(), y.address(), 64),
        Fill.floats(x.address(), 0, 16)
      };
      // cuBLAS loads its kernels at their first use, which a capture may forbid.
      gemm.enqueue(gpu.stream);
      try (Graph graph =
          gpu.stream.capture(
              () -> {
                launch.enqueue(gpu.stream);
                gemm.enqueue(gpu.stream);
              })) {
        run(commands, graph, 100);
        long before = allocatedBytes();
        run(commands, graph, 1000);
        long bytes = allocatedBytes() - before;
        // Seven commands a step: an object each would be 112,000 bytes.
        assertTrue(bytes < 16_000, bytes + " bytes of garbage in 1000 steps");
      }
    }
  }

  private void run(Command[] commands, Graph graph, int steps) {
    for (int i = 0; i < steps; i++) {
      for (Command command : commands) {
        command.enqueue(gpu.stream);
      }
      graph.enqueue(gpu.stream);
      gpu.stream.synchronize();
    }
  }

  private static long allocatedBytes() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getCurrentThreadAllocatedBytes();
  }
}
