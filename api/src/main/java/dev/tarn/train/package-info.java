/** Training: the step, the loop, metrics, what ends it, diagnosis, checkpoints. */
@NullMarked
package dev.tarn.train;

import org.jspecify.annotations.NullMarked;
