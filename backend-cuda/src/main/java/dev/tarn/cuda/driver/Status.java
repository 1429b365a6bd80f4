package dev.tarn.cuda.driver;

import java.util.Set;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks what the driver's functions return. */
final class Status {
  private static final Logger LOG = LoggerFactory.getLogger(Status.class);
  static final int OUT_OF_MEMORY = 2;

  /** Unavailable, none, not valid any more, unknown: what a GPU gives that fell off the bus. */
  private static final Set<Integer> GONE = Set.of(46, 100, 101, 999);

  private Status() {}

  /** Throws unless {@code status} is success; {@code call} is what was called, on what. */
  static void check(int status, String call) {
    if (status != 0) {
      throw failure(status, call);
    }
  }

  static CudaException failure(int status, String call) {
    String what = call + ": " + describe(status);
    if (status == OUT_OF_MEMORY) {
      what += "; see in nvidia-smi who holds the GPU's memory, or use a smaller batch";
    }
    CudaException failure = new CudaException(what, status);
    if (!failure.isSticky()) {
      return failure;
    }
    String advice =
        GONE.contains(status)
            ? "; the GPU is gone or taken: see what nvidia-smi says, and start the process again"
            : "; the device context is lost, start the process again";
    return new CudaException(what + advice, status);
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
