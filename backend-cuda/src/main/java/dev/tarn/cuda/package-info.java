/**
 * The CUDA backend: lowers programs to cuBLAS calls and kernels of its own, and runs a whole step
 * as one CUDA graph.
 *
 * <p>Depends on {@code api}, on the sources of {@code kernels-cu} as resources, and on {@link
 * dev.tarn.cuda.driver}, through which alone it touches the device.
 */
@NullMarked
package dev.tarn.cuda;

import org.jspecify.annotations.NullMarked;
