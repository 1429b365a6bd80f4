/**
 * Predicting with saved models inside an application: from many threads, in batches, from raw rows.
 *
 * <p>Depends on training, whose files it reads, and on run files, which say what a model is;
 * nothing depends on it.
 */
@NullMarked
package dev.tarn.predict;

import org.jspecify.annotations.NullMarked;
