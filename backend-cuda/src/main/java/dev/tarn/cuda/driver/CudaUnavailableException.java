package dev.tarn.cuda.driver;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** CUDA cannot be used in this process; the message says why and what to do. */
public final class CudaUnavailableException extends CudaException {
  /** Why CUDA cannot be used. */
  public enum Reason {
    /** Not Linux on x86-64, where alone JCuda's native libraries run. */
    PLATFORM,
    /** {@code tarn.cuda.libraries} or {@code TARN_CUDA_LIBRARIES} names no directory. */
    CONFIGURATION,
    /** No NVIDIA driver, or one that does not load. */
    NO_DRIVER,
    /** The driver supports no CUDA 12. */
    DRIVER_TOO_OLD,
    /** The driver finds no GPU, or cannot start. */
    NO_DEVICE,
    /** cuBLAS was not found. */
    NO_CUBLAS,
    /** NVRTC was not found. */
    NO_NVRTC,
    /** Only libraries of CUDA 13 were found, and the driver supports CUDA 12. */
    LIBRARIES_TOO_NEW,
    /** A CUDA library was found but does not load. */
    LIBRARY_DAMAGED,
    /** A native library of JCuda is missing, damaged or does not load. */
    NATIVE_DAMAGED,
    /** No private directory can be written for JCuda's native libraries. */
    CACHE
  }

  private final Reason reason;
  private final List<String> details;

  CudaUnavailableException(
      Reason reason, String message, List<String> details, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.details = List.copyOf(details);
  }

  /** Returns which of the known causes it is. */
  public Reason reason() {
    return reason;
  }

  /** Returns what was looked for and where, a line each. */
  public List<String> details() {
    return details;
  }
}
