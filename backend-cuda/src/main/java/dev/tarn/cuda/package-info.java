/** Placeholder. */
@NullMarked
package dev.tarn.cuda;

import org.jspecify.annotations.NullMarked;
