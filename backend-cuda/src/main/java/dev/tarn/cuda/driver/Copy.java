package dev.tarn.cuda.driver;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/** A prepared copy between pinned host memory and the device, or within the device. */
public final class Copy implements Command {
  private enum Direction {
    TO_DEVICE("cuMemcpyHtoDAsync"),
    TO_HOST("cuMemcpyDtoHAsync"),
    ON_DEVICE("cuMemcpyDtoDAsync");

    private final String call;

    Direction(String call) {
      this.call = call;
    }
  }

  private final Direction direction;
  private final Pointer target;
  private final Pointer source;
  private final long bytes;

  private Copy(Direction direction, Pointer target, Pointer source, long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("a copy of " + bytes + " bytes");
    }
    this.direction = direction;
    this.target = target;
    this.source = source;
    this.bytes = bytes;
  }

  /** Prepares a copy from pinned host memory to the device. */
  public static Copy toDevice(long deviceAddress, long hostAddress, long bytes) {
    return new Copy(
        Direction.TO_DEVICE,
        Addresses.device(deviceAddress),
        Addresses.pointer(hostAddress),
        bytes);
  }

  /** Prepares a copy from the device to pinned host memory. */
  public static Copy toHost(long hostAddress, long deviceAddress, long bytes) {
    return new Copy(
        Direction.TO_HOST, Addresses.pointer(hostAddress), Addresses.device(deviceAddress), bytes);
  }

  /** Prepares a copy within the device's memory; the ranges must not overlap. */
  public static Copy onDevice(long target, long source, long bytes) {
    return new Copy(Direction.ON_DEVICE, Addresses.device(target), Addresses.device(source), bytes);
  }

  @Override
  public void enqueue(Stream stream) {
    if (bytes == 0) {
      return;
    }
    int status =
        switch (direction) {
          case TO_DEVICE ->
              JCudaDriver.cuMemcpyHtoDAsync((CUdeviceptr) target, source, bytes, stream.handle());
          case TO_HOST ->
              JCudaDriver.cuMemcpyDtoHAsync(target, (CUdeviceptr) source, bytes, stream.handle());
          case ON_DEVICE ->
              JCudaDriver.cuMemcpyDtoDAsync(
                  (CUdeviceptr) target, (CUdeviceptr) source, bytes, stream.handle());
        };
    if (status != 0) {
      throw Status.failure(status, direction.call + " of " + bytes + " bytes");
    }
  }
}
