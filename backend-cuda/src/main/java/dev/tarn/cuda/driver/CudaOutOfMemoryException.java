package dev.tarn.cuda.driver;

/** The device has less free memory than was asked for. */
public final class CudaOutOfMemoryException extends CudaException {
  private static final int CUDA_ERROR_OUT_OF_MEMORY = 2;

  private final long requestedBytes;
  private final long freeBytes;

  CudaOutOfMemoryException(String message, long requestedBytes, long freeBytes) {
    super(message, CUDA_ERROR_OUT_OF_MEMORY);
    this.requestedBytes = requestedBytes;
    this.freeBytes = freeBytes;
  }

  /** Returns the bytes asked for, or 0 when the driver itself ran out, opening a context. */
  public long requestedBytes() {
    return requestedBytes;
  }

  /** Returns the bytes free when the request failed, or -1 when the driver cannot say. */
  public long freeBytes() {
    return freeBytes;
  }
}
