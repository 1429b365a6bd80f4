package dev.tarn.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MemoryTests {
  private Gpu gpu;

  @BeforeEach
  void open() {
    gpu = new Gpu();
  }

  @AfterEach
  void close() {
    // Null where the test was skipped before it began.
    if (gpu != null) {
      gpu.close();
    }
  }

  @Test
  void devicesAreDescribed() {
    List<Device> devices = Device.list();
    Device device = devices.get(0);
    assertEquals(device, gpu.context.device());
    assertTrue(device.capability().major() >= 5, device::toString);
    assertTrue(device.multiprocessors() >= 1, device::toString);
    assertTrue(device.maxSharedMemoryPerBlock() >= 48 << 10, device::toString);
    assertTrue(!device.name().isBlank() && device.name().indexOf('\0') < 0, device::toString);
    long free = gpu.context.freeMemory();
    assertTrue(free > 0 && free <= device.totalMemory(), "free " + free);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Device.open(devices.size()));
    assertTrue(e.getMessage().startsWith("no GPU " + devices.size() + ": this machine has "));
  }

  @Test
  void copiesMoveTheBytesNamed() {
    try (PinnedMemory host = PinnedMemory.allocate(gpu.context, 64);
        DeviceMemory first = DeviceMemory.allocate(gpu.context, 64);
        DeviceMemory second = DeviceMemory.allocate(gpu.context, 64)) {
      for (int i = 0; i < 16; i++) {
        host.buffer().putInt(4 * i, 100 + i);
      }
      gpu.stream.copyToDevice(first.address(), host.address(), 64);
      gpu.stream.fill(second.address(), (byte) 7, 64);
      gpu.stream.copyOnDevice(second.address() + 8, first.address() + 32, 16);
      gpu.stream.copyToHost(host.address(4), second.address() + 8, 12);
      gpu.stream.synchronize();
      int[] words = new int[16];
      host.buffer().asIntBuffer().get(words);
      assertArrayEquals(
          new int[] {
            100, 108, 109, 110, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115
          },
          words);
      ByteBuffer bytes = gpu.download(second.address(), 64);
      assertEquals(0x07070707, bytes.getInt(4));
      assertEquals(111, bytes.getInt(20));
      assertEquals(0x07070707, bytes.getInt(24));
    }
  }

  @Test
  void fillsSetWordsAndBytes() {
    try (DeviceMemory memory = gpu.upload(1, 2, 3, 4)) {
      Fill.floats(memory.address() + 4, 2.5f, 2).enqueue(gpu.stream);
      Fill.ints(memory.address() + 12, Float.floatToIntBits(9), 1).enqueue(gpu.stream);
      Fill.bytes(memory.address(), (byte) 0, 4).enqueue(gpu.stream);
      Fill.bytes(memory.address(), (byte) 1, 0).enqueue(gpu.stream);
      assertArrayEquals(new float[] {0, 2.5f, 2.5f, 9}, gpu.floats(memory));
    }
  }

  @Test
  void outOfMemorySaysHowMuchWasAskedForAndIsFree() {
    CudaOutOfMemoryException e =
        assertThrows(
            CudaOutOfMemoryException.class, () -> DeviceMemory.allocate(gpu.context, 1L << 46));
    assertEquals(1L << 46, e.requestedBytes());
    assertTrue(e.freeBytes() > 0 && e.freeBytes() <= gpu.context.device().totalMemory());
    assertTrue(e.getMessage().contains("65536.0 GiB asked for"), e.getMessage());
    assertEquals(2, e.code());
    try (DeviceMemory small = DeviceMemory.allocate(gpu.context, 16)) {
      assertNotEquals(0, small.address(), "the context is as good as before");
    }
  }

  @Test
  void pinnedMemoryIsReadThroughBuffersInSegments() {
    long bytes = PinnedMemory.SEGMENT_BYTES + 4096;
    try (PinnedMemory memory = PinnedMemory.allocate(gpu.context, bytes);
        DeviceMemory device = DeviceMemory.allocate(gpu.context, 16)) {
      assertEquals(2, memory.segments());
      long second = PinnedMemory.SEGMENT_BYTES;
      ByteBuffer end = memory.buffer(second - 8, 8);
      assertEquals(ByteOrder.nativeOrder(), end.order());
      end.putLong(0, 0x1122334455667788L);
      memory.buffer(second, 8).putLong(0, 42);
      gpu.stream.copyToDevice(device.address(), memory.address(second - 8), 8);
      gpu.stream.copyToDevice(device.address() + 8, memory.address(second), 8);
      ByteBuffer copy = gpu.download(device.address(), 16);
      assertEquals(0x1122334455667788L, copy.getLong(0));
      assertEquals(42, copy.getLong(8));
      assertThrows(IllegalArgumentException.class, () -> memory.buffer(second - 4, 8));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.buffer(bytes - 4, 8));
      assertThrows(IndexOutOfBoundsException.class, () -> memory.address(bytes));
      assertThrows(IllegalStateException.class, memory::buffer);
      assertEquals(0, memory.buffer(0, 0).capacity());
    }
  }

  @Test
  void sizesAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> DeviceMemory.allocate(gpu.context, 0));
    assertThrows(IllegalArgumentException.class, () -> PinnedMemory.allocate(gpu.context, 0));
    assertThrows(IllegalArgumentException.class, () -> Copy.onDevice(0, 0, -1));
    assertThrows(IllegalArgumentException.class, () -> Fill.bytes(0, (byte) 0, -1));
  }

  @Test
  void closingTwiceOrAfterTheContextIsHarmless() {
    CudaContext context = Device.open(0);
    DeviceMemory memory = DeviceMemory.allocate(context, 16);
    PinnedMemory pinned = PinnedMemory.allocate(context, 16);
    memory.close();
    memory.close();
    context.close();
    context.close();
    pinned.close();
    assertThrows(IllegalStateException.class, context::makeCurrent);
    try (DeviceMemory other = DeviceMemory.allocate(gpu.context, 16)) {
      assertNotEquals(0, other.address(), "another context of the device still works");
    }
  }

  @Test
  void anotherThreadMayGoOnAfterMakingTheContextCurrent() throws InterruptedException {
    try (DeviceMemory memory = gpu.upload(1, 2, 3, 4)) {
      float[][] seen = new float[1][];
      Thread thread =
          new Thread(
              () -> {
                gpu.context.makeCurrent();
                seen[0] = gpu.floats(memory);
              });
      thread.start();
      thread.join();
      assertArrayEquals(new float[] {1, 2, 3, 4}, seen[0]);
    }
  }
}
