package dev.tarn.cuda.driver;

import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.JCudaDriver;

/** A function of a {@link KernelModule} that runs on the device; valid until that is closed. */
public final class Kernel {
  private final String name;
  private final CUfunction function;

  Kernel(String name, CUfunction function) {
    this.name = name;
    this.function = function;
  }

  /** Returns its name. */
  public String name() {
    return name;
  }

  CUfunction function() {
    return function;
  }

  /**
   * Allows launches with up to {@code bytes} of dynamic shared memory; needed above 48 KiB.
   *
   * @throws CudaException if the device has less for one block
   */
  public void setMaxDynamicSharedMemory(int bytes) {
    Status.check(
        JCudaDriver.cuFuncSetAttribute(
            function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes),
        "shared memory of " + bytes + " bytes for " + name);
  }

  /** Returns how many threads a block of this kernel may have, by its use of registers. */
  public int maxThreadsPerBlock() {
    int[] value = new int[1];
    Status.check(
        JCudaDriver.cuFuncGetAttribute(
            value, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function),
        "cuFuncGetAttribute of " + name);
    return value[0];
  }

  /** Returns how many blocks of a shape run on one multiprocessor at a time. */
  public int activeBlocks(int threadsPerBlock, int dynamicSharedBytes) {
    int[] value = new int[1];
    Status.check(
        JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(
            value, function, threadsPerBlock, dynamicSharedBytes),
        "occupancy of " + name);
    return value[0];
  }
}
