/** Placeholder. */
@NullMarked
package dev.tarn.cpu;

import org.jspecify.annotations.NullMarked;
