/** Optimizers. */
@NullMarked
package dev.tarn.optim;

import org.jspecify.annotations.NullMarked;
