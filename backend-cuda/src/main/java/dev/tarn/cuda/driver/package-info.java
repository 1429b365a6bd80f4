/**
 * The CUDA driver, cuBLAS and NVRTC as thin Java objects over raw addresses.
 *
 * <p>Finds and loads the machine's CUDA libraries, says what is missing, and wraps what a training
 * step needs: contexts, streams, graphs, memory, kernels, matrix products, run-time compilation.
 * This is the only package that imports {@code jcuda}; it depends on SLF4J and nothing else of
 * Tarn. Calls made once a step ({@link dev.tarn.cuda.driver.Command#enqueue}) leave no garbage.
 *
 * <p>Every object belongs to a {@link dev.tarn.cuda.driver.CudaContext} and is used by one thread
 * at a time; a thread that did not open the context calls {@code makeCurrent()} first.
 */
@NullMarked
package dev.tarn.cuda.driver;

import org.jspecify.annotations.NullMarked;
