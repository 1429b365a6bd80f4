package dev.tarn.cuda.driver;

import java.util.Locale;
import jcuda.driver.JCudaDriver;

/** A block of device memory, aligned to 256 bytes; its contents are undefined at first. */
public final class DeviceMemory implements AutoCloseable {
  private final CudaContext context;
  private final Addresses.Device pointer = new Addresses.Device();
  private final long bytes;
  private boolean closed;

  private DeviceMemory(CudaContext context, long bytes) {
    this.context = context;
    this.bytes = bytes;
  }

  /**
   * Allocates device memory.
   *
   * @param bytes at least 1
   * @throws CudaOutOfMemoryException if the device has less free
   */
  public static DeviceMemory allocate(CudaContext context, long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("device memory of " + bytes + " bytes");
    }
    context.makeCurrent();
    DeviceMemory memory = new DeviceMemory(context, bytes);
    int status = JCudaDriver.cuMemAlloc(memory.pointer, bytes);
    if (status == Status.OUT_OF_MEMORY) {
      throw outOfMemory(context, bytes);
    }
    Status.check(status, "cuMemAlloc");
    return memory;
  }

  /**
   * Refuses a request that the device has no room for, without making it.
   *
   * @throws CudaOutOfMemoryException if less than {@code bytes} are free
   */
  public static void requireFree(CudaContext context, long bytes) {
    if (bytes > context.freeMemory()) {
      throw outOfMemory(context, bytes);
    }
  }

  private static CudaOutOfMemoryException outOfMemory(CudaContext context, long bytes) {
    long free = context.freeMemory();
    Device device = context.device();
    return new CudaOutOfMemoryException(
        String.format(
            Locale.ROOT,
            "GPU %d (%s) is out of memory: %s asked for, %s of %s free; use a smaller batch, or"
                + " see in nvidia-smi who holds the rest",
            device.index(),
            device.name(),
            size(bytes),
            size(free),
            size(device.totalMemory())),
        bytes,
        free);
  }

  private static String size(long bytes) {
    return bytes < 1L << 30
        ? String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1L << 20))
        : String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
  }

  /** Returns the address of the first byte. */
  public long address() {
    return pointer.address();
  }

  /** Returns the size in bytes. */
  public long bytes() {
    return bytes;
  }

  /** Frees the memory, waiting for work that may use it; never throws. */
  @Override
  public void close() {
    if (!closed && context.enterToClose()) {
      Status.release(JCudaDriver.cuMemFree(pointer), "cuMemFree");
    }
    closed = true;
  }
}
