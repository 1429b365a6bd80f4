/** Training: the step, the loop, metrics, checkpoints. */
@NullMarked
package dev.tarn.train;

import org.jspecify.annotations.NullMarked;
