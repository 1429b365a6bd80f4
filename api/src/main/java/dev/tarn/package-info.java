/**
 * The vocabulary of Tarn: shapes, data ({@link dev.tarn.HostTensor}), symbolic tensors ({@link
 * dev.tarn.Tensor}) recorded by a {@link dev.tarn.Trace}, and the states that persist.
 *
 * <p>Depends on {@code dev.tarn.ir} and {@code dev.tarn.internal} only.
 */
@NullMarked
package dev.tarn;

import org.jspecify.annotations.NullMarked;
