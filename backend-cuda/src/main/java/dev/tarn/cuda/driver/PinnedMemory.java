package dev.tarn.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import jcuda.driver.JCudaDriver;

/**
 * Page-locked host memory, which the device can copy from and to asynchronously.
 *
 * <p>It consists of segments of {@link #SEGMENT_BYTES}, the last may be shorter, since a Java
 * buffer ends at 2 GiB. Up to that size there is one segment. Contents are undefined at first, and
 * a buffer must not be used after the memory was closed.
 */
public final class PinnedMemory implements AutoCloseable {
  /** The size in bytes of all segments but the last: 1 GiB. */
  public static final long SEGMENT_BYTES = 1L << 30;

  private final CudaContext context;
  private final List<Addresses.Native> segments = new ArrayList<>();
  private final long bytes;
  private boolean closed;

  private PinnedMemory(CudaContext context, long bytes) {
    this.context = context;
    this.bytes = bytes;
  }

  /**
   * Allocates page-locked memory.
   *
   * @param bytes at least 1
   * @throws CudaException if the host cannot lock so much
   */
  public static PinnedMemory allocate(CudaContext context, long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("pinned memory of " + bytes + " bytes");
    }
    context.makeCurrent();
    PinnedMemory memory = new PinnedMemory(context, bytes);
    for (long start = 0; start < bytes; start += SEGMENT_BYTES) {
      Addresses.Native pointer = new Addresses.Native();
      long size = Math.min(SEGMENT_BYTES, bytes - start);
      int status = JCudaDriver.cuMemHostAlloc(pointer, size, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE);
      if (status != 0) {
        memory.close();
        throw Status.failure(status, "cuMemHostAlloc of " + bytes + " bytes of host memory");
      }
      memory.segments.add(pointer);
    }
    return memory;
  }

  /** Returns the size in bytes. */
  public long bytes() {
    return bytes;
  }

  /** Returns the number of segments. */
  public int segments() {
    return segments.size();
  }

  /** Returns the address of the first byte of the first segment. */
  public long address() {
    return address(0);
  }

  /** Returns the address of a byte; the addresses after it are contiguous within its segment. */
  public long address(long offset) {
    Objects.checkIndex(offset, bytes);
    return segments.get((int) (offset / SEGMENT_BYTES)).address() + offset % SEGMENT_BYTES;
  }

  /** Returns all bytes of memory of one segment as a buffer in native order. */
  public ByteBuffer buffer() {
    if (segments.size() > 1) {
      throw new IllegalStateException(bytes + " bytes do not fit one buffer: ask for ranges");
    }
    return buffer(0, (int) bytes);
  }

  /**
   * Returns a range of bytes as a buffer in native order.
   *
   * @throws IndexOutOfBoundsException if the range leaves the memory
   * @throws IllegalArgumentException if it crosses from one segment to the next
   */
  public ByteBuffer buffer(long offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes);
    if (length == 0) {
      return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
    }
    if (offset / SEGMENT_BYTES != (offset + length - 1) / SEGMENT_BYTES) {
      throw new IllegalArgumentException("bytes " + offset + "+" + length + " cross a segment");
    }
    Addresses.Native segment = segments.get((int) (offset / SEGMENT_BYTES));
    return segment.getByteBuffer(offset % SEGMENT_BYTES, length).order(ByteOrder.nativeOrder());
  }

  /** Frees the memory; never throws. */
  @Override
  public void close() {
    if (!closed && context.enterToClose()) {
      for (Addresses.Native segment : segments) {
        Status.release(JCudaDriver.cuMemFreeHost(segment), "cuMemFreeHost");
      }
    }
    closed = true;
  }
}
