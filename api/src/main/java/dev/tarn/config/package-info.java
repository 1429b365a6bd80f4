/**
 * The YAML run file: read with the place of every value, checked, overridden, and written back.
 *
 * <p>Depends on layers, losses, optimizers and data, which a run file names; nothing but prediction
 * and the command line depends on it.
 */
@NullMarked
package dev.tarn.config;

import org.jspecify.annotations.NullMarked;
