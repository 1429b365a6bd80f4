/** Layers. */
@NullMarked
package dev.tarn.nn;

import org.jspecify.annotations.NullMarked;
