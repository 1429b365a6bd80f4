/**
 * Tests of the CUDA emulator, driven through JCuda as the CUDA backend drives it, and the helper
 * that builds it for other modules' tests.
 *
 * <p>Depends on JCuda and JUnit only, so that any module's tests may use it.
 */
@NullMarked
package dev.tarn.kernels.emulator;

import org.jspecify.annotations.NullMarked;
