package dev.tarn.cuda.driver;

import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;

/**
 * The primary context of a device: everything on the device belongs to it.
 *
 * <p>Close what was made from it before. After it was closed, closing those does nothing.
 */
public final class CudaContext implements AutoCloseable {
  private static final int UNAVAILABLE = 46;

  private final Device device;
  private final CUdevice handle;
  private final CUcontext context = new CUcontext();
  private volatile boolean closed;

  private CudaContext(Device device, CUdevice handle) {
    this.device = device;
    this.handle = handle;
  }

  static CudaContext open(Device device) {
    CudaContext context = new CudaContext(device, Device.handle(device.index()));
    int status = JCudaDriver.cuDevicePrimaryCtxRetain(context.context, context.handle);
    if (status == Status.OUT_OF_MEMORY) {
      throw new CudaOutOfMemoryException(
          "GPU "
              + device.index()
              + " ("
              + device.name()
              + ") is full: no memory is left for a context; nvidia-smi shows who holds it",
          0,
          -1);
    }
    if (status == UNAVAILABLE) {
      throw new CudaException(
          "GPU "
              + device.index()
              + " ("
              + device.name()
              + ") is busy or unavailable: another process may hold it alone (compute mode"
              + " exclusive); see what nvidia-smi says",
          status);
    }
    Status.check(status, "cuDevicePrimaryCtxRetain");
    context.makeCurrent();
    return context;
  }

  /** Returns the device. */
  public Device device() {
    return device;
  }

  /**
   * Makes this the calling thread's context; needed once on every thread but the one that opened
   * it.
   */
  public void makeCurrent() {
    if (closed) {
      throw new IllegalStateException("the CUDA context of " + device.name() + " is closed");
    }
    Status.check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
  }

  /**
   * Returns the free bytes of the device's memory, other processes considered.
   *
   * @throws CudaException if the context is lost
   */
  public long freeMemory() {
    makeCurrent();
    long[] free = new long[1];
    Status.check(JCudaDriver.cuMemGetInfo(free, new long[1]), "cuMemGetInfo");
    return free[0];
  }

  /** Makes the context current to free something; false if it is closed or lost. */
  boolean enterToClose() {
    if (closed) {
      return false;
    }
    int status = JCudaDriver.cuCtxSetCurrent(context);
    Status.release(status, "cuCtxSetCurrent");
    return status == 0;
  }

  /** Releases the context; never throws. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Status.release(JCudaDriver.cuDevicePrimaryCtxRelease(handle), "cuDevicePrimaryCtxRelease");
    }
  }
}
