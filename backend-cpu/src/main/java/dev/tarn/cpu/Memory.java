package dev.tarn.cpu;

import dev.tarn.TarnException;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * A block of native memory, zeroed and aligned.
 *
 * <p>It comes from the C library by raw calls: JavaCPP's own allocations are counted against a
 * limit derived from the Java heap and freed by a finalizing thread, and neither is wanted here.
 */
final class Memory implements AutoCloseable {
  private static final long ALIGNMENT = 256;

  /** A pointer to an address that JavaCPP neither owns nor checks. */
  static final class Address extends Pointer {
    Address(long address) {
      this.address = address;
    }
  }

  private @Nullable Pointer block;
  private final long address;
  private final long bytes;

  /**
   * Allocates zeroed memory.
   *
   * @param what what it is for, for the message
   * @throws TarnException if there is not enough memory
   */
  Memory(long bytes, String what) {
    Pointer allocated = Pointer.calloc(1, bytes + ALIGNMENT);
    if (allocated == null || allocated.isNull()) {
      throw new TarnException(
          what + ": no " + bytes + " bytes of memory; use a smaller batch or model");
    }
    this.block = allocated;
    this.address = (allocated.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    this.bytes = bytes;
  }

  /** The address of the first byte. */
  long address() {
    return address;
  }

  /** The usable size in bytes. */
  long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (block != null) {
      Pointer.free(block);
      block = null;
    }
  }
}
