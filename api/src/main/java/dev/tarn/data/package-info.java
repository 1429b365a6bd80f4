/** Data sets and batches. */
@NullMarked
package dev.tarn.data;

import org.jspecify.annotations.NullMarked;
