/**
 * The CPU backend: matrix products by oneDNN, everything else by loops over small heap tiles, all
 * on one team of threads. May depend on {@code dev.tarn.backend} and what it needs, and on JavaCPP;
 * only {@link dev.tarn.cpu.Dnnl} and {@link dev.tarn.cpu.MatMulStep} call oneDNN.
 */
@NullMarked
package dev.tarn.cpu;

import org.jspecify.annotations.NullMarked;
