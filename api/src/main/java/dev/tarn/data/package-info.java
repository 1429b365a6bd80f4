/**
 * Data sets and batches, and what reads them from files: IDX, CSV, NumPy's {@code .npy} and {@code
 * .npz}, folders of images.
 *
 * <p>Readers refuse bad files in one line and never allocate more than a file can hold. {@link
 * dev.tarn.data.Preprocessing} is what is learned from training data and applied to all. May depend
 * on {@code dev.tarn} and {@code dev.tarn.internal}, on FastCSV and Gson, and, for images alone, on
 * {@code java.desktop}.
 */
@NullMarked
package dev.tarn.data;

import org.jspecify.annotations.NullMarked;
