/** Placeholder. */
@NullMarked
package dev.tarn;

import org.jspecify.annotations.NullMarked;
