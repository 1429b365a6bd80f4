/** Losses. */
@NullMarked
package dev.tarn.loss;

import org.jspecify.annotations.NullMarked;
