package dev.tarn.cuda.driver;

import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/** A prepared filling of device memory with one value. */
public final class Fill implements Command {
  private final CUdeviceptr target;
  private final int value;
  private final long count;
  private final boolean words;

  private Fill(long address, int value, long count, boolean words) {
    if (count < 0) {
      throw new IllegalArgumentException("a fill of " + count + " elements");
    }
    this.target = Addresses.device(address);
    this.value = value;
    this.count = count;
    this.words = words;
  }

  /** Prepares setting {@code bytes} bytes to {@code value}. */
  public static Fill bytes(long address, byte value, long bytes) {
    return new Fill(address, value, bytes, false);
  }

  /** Prepares setting {@code count} floats at a 4-byte aligned address to {@code value}. */
  public static Fill floats(long address, float value, long count) {
    return new Fill(address, Float.floatToRawIntBits(value), count, true);
  }

  /** Prepares setting {@code count} ints at a 4-byte aligned address to {@code value}. */
  public static Fill ints(long address, int value, long count) {
    return new Fill(address, value, count, true);
  }

  @Override
  public void enqueue(Stream stream) {
    if (count == 0) {
      return;
    }
    if (words) {
      Status.check(
          JCudaDriver.cuMemsetD32Async(target, value, count, stream.handle()), "cuMemsetD32Async");
    } else {
      Status.check(
          JCudaDriver.cuMemsetD8Async(target, (byte) value, count, stream.handle()),
          "cuMemsetD8Async");
    }
  }
}
