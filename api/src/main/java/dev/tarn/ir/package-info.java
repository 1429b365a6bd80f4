/**
 * The intermediate representation: programs of operations on values.
 *
 * <p>One level, static shapes, single assignment. Depends on the vocabulary of {@code dev.tarn}
 * only.
 */
@NullMarked
package dev.tarn.ir;

import org.jspecify.annotations.NullMarked;
