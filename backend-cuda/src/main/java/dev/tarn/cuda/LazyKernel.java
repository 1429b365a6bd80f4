package dev.tarn.cuda;

import dev.tarn.cuda.driver.Kernel;

/** A kernel that is compiled together with others once it was requested, or else when it is got. */
interface LazyKernel {
  /** Asks for it to be compiled by {@link Kernels#compileRequested}. */
  void request();

  /** The kernel, compiled and loaded. */
  Kernel get();
}
