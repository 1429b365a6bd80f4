package dev.tarn.cuda;

import dev.tarn.TarnException;
import dev.tarn.backend.DeviceException;
import dev.tarn.backend.DeviceMemoryException;
import dev.tarn.cuda.driver.CudaException;
import dev.tarn.cuda.driver.CudaOutOfMemoryException;

/** Turns the driver's failures into those of {@code dev.tarn.backend}. */
final class Failures {
  private Failures() {}

  /** A failure in the middle of something: {@code what} begins its message. */
  static TarnException of(String what, CudaException e) {
    String message = what + ": " + e.getMessage();
    if (e instanceof CudaOutOfMemoryException full) {
      return new DeviceMemoryException(message, full.requestedBytes(), full.freeBytes(), e);
    }
    return e.isSticky() ? new DeviceException(message, e) : new TarnException(message, e);
  }
}
