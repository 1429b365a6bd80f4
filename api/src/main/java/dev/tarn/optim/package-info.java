/** Optimizers, schedules and what else decides how parameters follow their gradients. */
@NullMarked
package dev.tarn.optim;

import org.jspecify.annotations.NullMarked;
