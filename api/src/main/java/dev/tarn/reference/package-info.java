/** The reference backend: plain Java loops, the executable specification of every operation. */
@NullMarked
package dev.tarn.reference;

import org.jspecify.annotations.NullMarked;
