/** Deeplearning4j as an engine of the comparison. Knows nothing of Tarn. */
@NullMarked
package dev.tarn.benchmarks.dl4j;

import org.jspecify.annotations.NullMarked;
