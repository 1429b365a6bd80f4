package dev.tarn.cuda.driver;

/** A kernel's source does not compile. */
public final class KernelCompileException extends CudaException {
  private final String log;

  KernelCompileException(String message, String log) {
    super(message);
    this.log = log;
  }

  /** Returns everything the compiler said. */
  public String log() {
    return log;
  }
}
