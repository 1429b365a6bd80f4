package dev.tarn.cuda.driver;

import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** Compiled kernels loaded onto a device. */
public final class KernelModule implements AutoCloseable {
  private static final int CUDA_ERROR_NOT_FOUND = 500;

  private final CudaContext context;
  private final String name;
  private final CUmodule handle = new CUmodule();
  private boolean closed;

  private KernelModule(CudaContext context, String name) {
    this.context = context;
    this.name = name;
  }

  /**
   * Loads an image.
   *
   * @throws CudaException if the image is not for this device or driver
   */
  public static KernelModule load(CudaContext context, KernelImage image) {
    context.makeCurrent();
    KernelModule module = new KernelModule(context, image.name());
    Status.check(
        JCudaDriver.cuModuleLoadData(module.handle, image.code()),
        "cuModuleLoadData of " + image.name());
    return module;
  }

  /**
   * Returns a kernel by its (unmangled, {@code extern "C"}) name.
   *
   * @throws CudaException if there is none
   */
  public Kernel kernel(String kernelName) {
    context.makeCurrent();
    CUfunction function = new CUfunction();
    int status = JCudaDriver.cuModuleGetFunction(function, handle, kernelName);
    if (status == CUDA_ERROR_NOT_FOUND) {
      throw new CudaException("no kernel " + kernelName + " in " + name, status);
    }
    Status.check(status, "cuModuleGetFunction of " + kernelName + " in " + name);
    return new Kernel(kernelName, function);
  }

  /** Unloads the kernels; never throws. */
  @Override
  public void close() {
    if (!closed && context.enterToClose()) {
      Status.release(JCudaDriver.cuModuleUnload(handle), "cuModuleUnload");
    }
    closed = true;
  }
}
