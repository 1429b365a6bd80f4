package dev.tarn.cuda.driver;

import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks what the driver's functions return. */
final class Status {
  private static final Logger LOG = LoggerFactory.getLogger(Status.class);
  static final int OUT_OF_MEMORY = 2;

  private Status() {}

  /** Throws unless {@code status} is success; {@code call} is what was called, on what. */
  static void check(int status, String call) {
    if (status != 0) {
      throw failure(status, call);
    }
  }

  static CudaException failure(int status, String call) {
    CudaException failure = new CudaException(call + ": " + describe(status), status);
    if (!failure.isSticky()) {
      return failure;
    }
    return new CudaException(
        failure.getMessage() + "; the device context is lost, start the process again", status);
  }

  /** Notes a failure while closing: nothing that the caller could do would free more. */
  static void release(int status, String call) {
    if (status != 0) {
      LOG.debug("{} while closing: {}", call, describe(status));
    }
  }

  /** Returns CUDA's name of a status and its text, such as {@code CUDA_ERROR_X (a text)}. */
  static String describe(int status) {
    String[] text = new String[1];
    boolean known = JCudaDriver.cuGetErrorString(status, text) == 0 && text[0] != null;
    return CUresult.stringFor(status) + (known ? " (" + text[0] + ")" : "");
  }
}
