package dev.tarn.backend;

/** A device has less free memory than is needed; the message names both, in bytes or larger. */
public final class DeviceMemoryException extends DeviceException {
  private static final long serialVersionUID = 1L;

  private final long needed;
  private final long free;

  /**
   * Memory that does not suffice.
   *
   * @param needed the bytes asked for
   * @param free the bytes that were free, or -1 if the device does not say
   */
  public DeviceMemoryException(String message, long needed, long free, Throwable cause) {
    super(message, cause);
    this.needed = needed;
    this.free = free;
  }

  /** The bytes asked for. */
  public long needed() {
    return needed;
  }

  /** The bytes that were free, or -1 if the device does not say. */
  public long free() {
    return free;
  }
}
