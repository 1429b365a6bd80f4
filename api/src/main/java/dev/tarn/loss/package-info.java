/** Losses, written with tensor expressions; depends on nothing but tensors. */
@NullMarked
package dev.tarn.loss;

import org.jspecify.annotations.NullMarked;
