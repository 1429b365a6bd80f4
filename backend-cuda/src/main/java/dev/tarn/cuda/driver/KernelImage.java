package dev.tarn.cuda.driver;

/**
 * Compiled kernels, ready to be loaded by the driver.
 *
 * @param name the source's name, for messages
 * @param code a cubin, or PTX text with a terminating zero
 */
public record KernelImage(String name, byte[] code) {}
