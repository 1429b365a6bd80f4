package dev.tarn.cuda.driver;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A failure of the CUDA driver, of cuBLAS or of NVRTC; the root of this package's exceptions. */
public class CudaException extends RuntimeException {
  /**
   * Driver errors that leave the context unusable: every later call in this process fails too. The
   * driver shuts down, the device is unavailable, gone or not valid any more, ECC and NVLink
   * faults, illegal address, launch timeout, device assert, stack, instruction and address faults,
   * launch failure, tensor memory leak, an unknown error (a GPU that fell off the bus gives it).
   */
  private static final Set<Integer> STICKY =
      Set.of(
          4, 46, 100, 101, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721,
          999);

  private final int code;
  private final boolean sticky;

  CudaException(String message) {
    super(message);
    this.code = 0;
    this.sticky = false;
  }

  CudaException(String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = 0;
    this.sticky = false;
  }

  /** A driver failure with its {@code CUresult} code. */
  CudaException(String message, int code) {
    super(message);
    this.code = code;
    this.sticky = STICKY.contains(code);
  }

  /** Returns the driver's {@code CUresult}, or 0 when the failure is not the driver's. */
  public int code() {
    return code;
  }

  /**
   * Returns whether the device's context is lost: nothing works until the process is restarted, and
   * closing objects frees nothing.
   */
  public boolean isSticky() {
    return sticky;
  }
}
